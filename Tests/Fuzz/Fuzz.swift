import Foundation

/// The fuzzer's two doors. `WEIR_FUZZ` names the target; with `WEIR_FUZZ_SEEDS` its seeds are written to that folder and the
/// program ends.
@_cdecl("LLVMFuzzerInitialize")
public func initializeFuzzer(_ count: UnsafeMutableRawPointer?, _ words: UnsafeMutableRawPointer?) -> CInt {
    guard let folder = ProcessInfo.processInfo.environment["WEIR_FUZZ_SEEDS"] else { return 0 }
    for (number, seed) in chosen.seeds.enumerated() {
        _ = FileManager.default.createFile(atPath: "\(folder)/seed-\(number)", contents: Data(seed))
    }
    exit(0)
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    chosen.run(unsafe Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

private let chosen: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["WEIR_FUZZ"] ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        print("WEIR_FUZZ: expected one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
        exit(64)
    }
    return target
}()
