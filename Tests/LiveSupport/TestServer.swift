import Foundation

/// The services of the live tests, on all IPv4 and IPv6 addresses: HTTP on ports 80 to 83 and 8080 (`/big` is 20 MB of
/// octets that are always the same, `/who` is the client's address as seen here), UDP echo on 9000 and 9001.
public final class TestServer {
    public static let bigSize = 20_000_000

    private static let program = """
        import hashlib, http.server, random, socket, threading

        BIG = random.Random(1).randbytes(\(bigSize))

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = {"/big": BIG, "/who": self.client_address[0].encode()}.get(self.path, b"hello")
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6
            daemon_threads = True

        def echo(server):
            while True:
                data, peer = server.recvfrom(65536)
                server.sendto(data, peer)

        jobs = [Server(("::", port), Handler).serve_forever for port in (80, 81, 82, 83, 8080)]
        for port in (9000, 9001):
            server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            server.bind(("::", port))
            jobs.append(lambda server=server: echo(server))
        threads = [threading.Thread(target=job) for job in jobs]
        for thread in threads: thread.start()
        print(hashlib.sha256(BIG).hexdigest(), flush=True)
        """

    /// The SHA-256 of the large file.
    public let bigDigest: String
    private let child: ChildProcess

    /// - Parameter prefix: the words that put a command into the server's namespace.
    public init(_ prefix: [String]) throws {
        child = try ChildProcess(prefix + ["python3", "-c", TestServer.program])
        for _ in 0..<1000 where child.text().isEmpty { usleep(10_000) }
        bigDigest = String(child.text().prefix(64))
        guard bigDigest.count == 64 else {
            throw CommandFailure(description: "the test server did not start: \(child.text(2))")
        }
    }

    deinit {
        child.terminate()
        _ = child.wait()
    }
}
