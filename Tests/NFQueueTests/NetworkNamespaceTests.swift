import Glibc
import Testing

@testable import NFQueue

struct NetworkNamespaceTests {
    @Test func namespaceThatIsNotThere() {
        #expect(throws: QueueError.systemCall("entering the network namespace no-such", errno: ENOENT)) {
            try NetworkNamespace.enter("no-such")
        }
    }
}
