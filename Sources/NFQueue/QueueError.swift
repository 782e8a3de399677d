import Glibc

/// Why a queue cannot be opened, or cannot go on.
public enum QueueError: Error, Hashable, Sendable {
    /// CAP_NET_ADMIN is missing in this network namespace: run as root (exit code 77).
    case notPermitted
    /// Another program reads this queue: stop it or take another queue number (exit code 69).
    case busy(queue: UInt16)
    /// This kernel lacks something the queue needs: load the module or use another kernel (exit code 69).
    case unsupported(feature: String, errno: Int32)
    /// The kernel answered a configuration with something that is no answer to it.
    case unexpectedAnswer
    /// Any other failure of a system call.
    case systemCall(String, errno: Int32)
}

extension QueueError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notPermitted:
            "no permission to open a netfilter queue: CAP_NET_ADMIN is needed, run as root"
        case .busy(let queue):
            "queue \(queue) has another consumer: stop that program, or use another queue number here and in the rules"
        case .unsupported(let feature, let errno):
            "this kernel has no \(feature) (\(QueueError.text(errno))): load or build it, or use another kernel"
        case .unexpectedAnswer:
            "the kernel's answer to a queue configuration cannot be understood"
        case .systemCall(let name, let errno):
            "\(name): \(QueueError.text(errno))"
        }
    }

    static func text(_ errno: Int32) -> String {
        unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)"
    }
}
