import Wire

#if Hyperscan
    import CHyperscan
    import Synchronization
#endif

/// Literals compiled by Hyperscan (https://intel.github.io/hyperscan/dev-reference/): immutable, shared by all threads.
@safe
final class CompiledLiterals: Sendable {
    #if Hyperscan
        private nonisolated(unsafe) let database: OpaquePointer
        private let count: Int
        /// Age of the scratch prototype that has room for this database.
        private let age: Int

        /// - Returns: nil where Hyperscan cannot serve (a processor without SSSE3, no memory).
        init?(_ literals: [[UInt8]]) {
            guard !literals.isEmpty, hs_valid_platform() == HS_SUCCESS else { return nil }
            let lengths = literals.map(\.count)
            let places = lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
            let bytes = literals.flatMap { $0.map { CChar(bitPattern: $0) } }
            let numbers = literals.indices.map { UInt32($0) }
            let flags = [UInt32](repeating: UInt32(HS_FLAG_CASELESS), count: literals.count)
            var database: OpaquePointer?
            var error: UnsafeMutablePointer<hs_compile_error_t>?
            let status = unsafe bytes.withUnsafeBufferPointer { buffer in
                let starts = unsafe places.dropLast().map { unsafe buffer.baseAddress?.advanced(by: $0) }
                return unsafe hs_compile_lit_multi(
                    starts, flags, numbers, lengths, UInt32(literals.count), UInt32(HS_MODE_BLOCK), nil, &database,
                    &error)
            }
            if let error = unsafe error { _ = unsafe hs_free_compile_error(error) }
            guard status == HS_SUCCESS, let database = unsafe database else { return nil }
            guard let age = unsafe ScratchPrototype.grow(for: database) else {
                _ = unsafe hs_free_database(database)
                return nil
            }
            unsafe self.database = database
            self.age = age
            count = literals.count
        }

        deinit { _ = unsafe hs_free_database(database) }

        /// Notes in `scratch` which literals stand in `bytes`.
        /// - Returns: how often any was met; nil when the search could not be made.
        func search(_ bytes: RawSpan, _ scratch: LiteralScratch) -> Int? {
            unsafe bytes.withUnsafeBytes { buffer in
                unsafe scratch.search(buffer, database, literals: count, age: age)
            }
        }
    #else
        init?(_ literals: [[UInt8]]) { nil }

        func search(_ bytes: RawSpan, _ scratch: LiteralScratch) -> Int? { nil }
    #endif
}

#if Hyperscan
    /// Memory that a search of any database so far has room in; threads copy it, for a search writes to it.
    enum ScratchPrototype {
        @safe
        private struct State: @unchecked Sendable {
            var memory: OpaquePointer?
            /// Databases that it was made to fit.
            var age = 0
        }

        private static let state = Mutex(State())

        static func grow(for database: OpaquePointer) -> Int? {
            nonisolated(unsafe) let database = unsafe database
            return state.withLock { state in
                guard unsafe hs_alloc_scratch(database, &state.memory) == HS_SUCCESS else { return nil }
                state.age += 1
                return state.age
            }
        }

        static func copy() -> (memory: OpaquePointer, age: Int)? {
            nonisolated(unsafe) var copy: OpaquePointer?
            let age = state.withLock { state in
                let status = unsafe hs_clone_scratch(state.memory, &copy)
                return status == HS_SUCCESS ? state.age : 0
            }
            guard let memory = unsafe copy else { return nil }
            return unsafe (memory, age)
        }
    }
#endif
