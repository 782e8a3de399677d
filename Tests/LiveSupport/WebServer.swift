import Foundation

/// nginx in a namespace: HTTP on ports 80 and 8080, HTTPS on 443, on all addresses, any name; `/big` has 20 MB, and
/// uploads to `/upload` are taken.
public final class WebServer {
    public static let obstacle: String? =
        (try? run(["which", "nginx"]))?.isSuccess == true && (try? run(["which", "openssl"]))?.isSuccess == true
        ? nil : "needs nginx and openssl"

    private let child: ChildProcess
    private let folder: String

    /// - Parameter prefix: the words that put a command into the server's namespace.
    public init(_ prefix: [String]) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("weir-web-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder + "/www", withIntermediateDirectories: true)
        try "hello".write(toFile: folder + "/www/index.html", atomically: true, encoding: .utf8)
        try Data(count: 20_000_000).write(to: URL(fileURLWithPath: folder + "/www/big"))
        try require([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=weir.example", "-keyout", folder + "/key.pem", "-out", folder + "/cert.pem",
        ])
        try WebServer.configuration(folder).write(toFile: folder + "/nginx.conf", atomically: true, encoding: .utf8)
        child = try ChildProcess(prefix + ["nginx", "-c", folder + "/nginx.conf"])
        for _ in 0..<500 {
            if (try? run(prefix + ["curl", "-sk", "-m", "1", "-o", "/dev/null", "https://127.0.0.1/"]))?.isSuccess
                == true
            {
                return
            }
            usleep(20_000)
        }
        throw CommandFailure(description: "nginx did not start: \(child.text(2))")
    }

    deinit {
        child.terminate()
        _ = child.wait()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func configuration(_ folder: String) -> String {
        """
        daemon off;
        worker_processes 1;
        pid \(folder)/nginx.pid;
        error_log \(folder)/error.log;
        user root;
        events { worker_connections 512; }
        http {
            access_log off;
            client_max_body_size 100m;
            client_body_temp_path \(folder)/body; proxy_temp_path \(folder)/proxy;
            fastcgi_temp_path \(folder)/fastcgi; uwsgi_temp_path \(folder)/uwsgi; scgi_temp_path \(folder)/scgi;
            server {
                listen 80; listen [::]:80; listen 8080; listen [::]:8080; listen 443 ssl; listen [::]:443 ssl;
                ssl_certificate \(folder)/cert.pem; ssl_certificate_key \(folder)/key.pem;
                root \(folder)/www;
                location /upload {
                    client_body_in_file_only off;
                    proxy_pass http://127.0.0.1:80/index.html;
                    proxy_method GET;
                    proxy_pass_request_body off;
                    proxy_set_header Content-Length "";
                }
            }
        }
        """
    }
}
