import CShim

/// The network namespace of a thread. Sockets opened afterwards live there; other threads stay where they are.
public enum NetworkNamespace {
    /// Moves the calling thread, for good: give it a thread of its own.
    /// - Parameter name: as `ip netns` knows it, or the path of a namespace file.
    public static func enter(_ name: String) throws(QueueError) {
        let path = name.contains("/") ? name : "/run/netns/" + name
        let result = unsafe weir_enter_network_namespace(path)
        guard result == 0 else {
            throw .systemCall("entering the network namespace \(name)", errno: 0 &- result)
        }
    }
}
