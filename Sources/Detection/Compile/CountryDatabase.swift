import NetTypes

#if GeoIP
    import CMaxMindDB
    import Glibc
#endif

/// Countries of addresses, from a MaxMind database (GeoLite2-Country or any with `country.iso_code`) the user provides.
@safe
public final class CountryDatabase: Sendable {
    public struct Problem: Error {
        public let message: String
    }

    #if GeoIP
        /// Opened once and only read: libmaxminddb allows lookups from several threads.
        private nonisolated(unsafe) let database: UnsafeMutablePointer<MMDB_s>

        public init(path: String) throws(Problem) {
            let database = UnsafeMutablePointer<MMDB_s>.allocate(capacity: 1)
            let status = unsafe MMDB_open(path, UInt32(MMDB_MODE_MMAP), database)
            guard status == MMDB_SUCCESS else {
                unsafe database.deallocate()
                throw Problem(message: "\(path): \(unsafe String(cString: MMDB_strerror(status)))")
            }
            unsafe self.database = database
        }

        deinit {
            unsafe MMDB_close(database)
            unsafe database.deallocate()
        }

        /// The ISO 3166 code in upper case; nil for an address the database does not know.
        public func country(of address: IPAddress) -> String? {
            var error: Int32 = 0
            var result = unsafe lookUp(address, &error)
            guard error == MMDB_SUCCESS, unsafe result.found_entry else { return nil }
            var data = unsafe MMDB_entry_data_s()
            let status = unsafe withPath { unsafe MMDB_aget_value(&result.entry, &data, $0) }
            guard status == MMDB_SUCCESS, unsafe data.has_data, unsafe data.type == UInt32(MMDB_DATA_TYPE_UTF8_STRING),
                unsafe data.data_size == 2, let text = unsafe data.utf8_string
            else { return nil }
            return unsafe String(
                decoding: UnsafeRawBufferPointer(start: text, count: 2), as: UTF8.self)
        }

        private func withPath<R>(_ body: (UnsafePointer<UnsafePointer<CChar>?>) -> R) -> R {
            unsafe "country".withCString { country in
                unsafe "iso_code".withCString { code in
                    let path: [UnsafePointer<CChar>?] = unsafe [country, code, nil]
                    return unsafe path.withUnsafeBufferPointer { buffer in
                        guard let base = buffer.baseAddress else { preconditionFailure("an array of three has a base") }
                        return unsafe body(base)
                    }
                }
            }
        }

        private func lookUp(_ address: IPAddress, _ error: inout Int32) -> MMDB_lookup_result_s {
            if address.isIPv4 {
                var socket = sockaddr_in()
                socket.sin_family = sa_family_t(AF_INET)
                socket.sin_addr.s_addr = address.v4Bits.bigEndian
                return unsafe withUnsafePointer(to: &socket) { pointer in
                    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        unsafe MMDB_lookup_sockaddr(database, $0, &error)
                    }
                }
            }
            var socket = sockaddr_in6()
            socket.sin6_family = sa_family_t(AF_INET6)
            unsafe withUnsafeMutableBytes(of: &socket.sin6_addr) { bytes in
                unsafe bytes.storeBytes(of: address.high.bigEndian, toByteOffset: 0, as: UInt64.self)
                unsafe bytes.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            return unsafe withUnsafePointer(to: &socket) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe MMDB_lookup_sockaddr(database, $0, &error)
                }
            }
        }
    #else
        public init(path: String) throws(Problem) {
            throw Problem(message: "geoip is not part of this build (package trait GeoIP)")
        }

        public func country(of address: IPAddress) -> String? { nil }
    #endif
}
