import AppLayer
import TestSupport
import Testing

/// JA3 and JA3S; the hashes are those of the reference implementation's own description.
struct JA3Tests {
    @Test("the text: GREASE left out, empty lists stay")
    func text() throws {
        let plain = ClientHelloBytes("a.example").with { $0.hasGrease = true }
        let conversation = Conversation([.client(TLSBytes.record(plain.message))])
        let ja3 = try #require(conversation.tls?.ja3)
        let text = String(decoding: ja3.text, as: UTF8.self)
        #expect(text == "771,4865-4866-4867-49195-49199-49196-49200,0-10-11-13-16-43-51-23-65281-35,29-23-24,0")
        let bare = ClientHelloBytes(nil).with {
            $0.hasExtensions = false
            $0.ciphers = [0x002f]
            $0.legacyVersion = 0x0301
        }
        let old = Conversation([.client(TLSBytes.record(bare.message))])
        #expect(old.tls?.ja3.map { String(decoding: $0.text, as: UTF8.self) } == "769,47,,,")
    }

    @Test("published pairs of text and hash")
    func hashes() {
        let pairs = [
            (
                "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0",
                "ada70206e40642a3e4461f35503241d5"
            ),
            ("769,4-5-10-9-100-98-3-6-19-18-99,,,", "de350869b8c85de67a350c8d186f11e6"),
        ]
        for (text, hash) in pairs {
            #expect(String(decoding: JA3.hash(utf8(text)), as: UTF8.self) == hash)
        }
    }

    @Test("JA3S is about the server's answer")
    func server() throws {
        let conversation = Conversation([.client(TLSBytes.clientHello())])
        #expect(conversation.tls?.ja3s == nil)
        conversation.server(TLSBytes.record(TLSBytes.serverHello(version: 0x0303, cipher: 0xc02f)))
        #expect(conversation.tls?.ja3s.map { String(decoding: $0.text, as: UTF8.self) } == "771,49199,65281")
    }
}
