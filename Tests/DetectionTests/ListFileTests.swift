import NetTypes
import Testing

@testable import Detection

/// Files of classes, references, reputations and data sets.
struct ListFileTests {
    @Test func classifications() {
        let text = """
            # classes
            config classification: Trojan-Activity,A Trojan, found,1
            config classification: trojan-activity,again,2
            config  classification:odd , Odd ,  3
            """
        let (table, problems) = ConfigurationLines.classifications(text, file: "c")
        #expect(problems.isEmpty)
        #expect(table["trojan-activity"]?.description == "A Trojan, found")
        #expect(table["trojan-activity"]?.priority == 1)
        #expect(table["odd"]?.priority == 3)
    }

    @Test(arguments: [
        "this is not correct", "config classification: a,b", "config classification: a,b,c",
        "config classification: 1a,b,1", "config reference: a http://b", "config classification: a,,1",
    ])
    func wrongClassifications(line: String) {
        #expect(ConfigurationLines.classifications(line, file: "c").problems.count == 1)
    }

    @Test func references() {
        let (names, problems) = ConfigurationLines.references(
            "config reference: CVE http://cve.example/?n=\nconfig reference: url http://\nconfig reference: x",
            file: "r")
        #expect(names == ["cve", "url"])
        #expect(problems.map(\.location.line) == [3])
    }

    private func table(_ reputations: String) -> (ReputationTable, [Int]) {
        var table = ReputationTable()
        let first = table.readCategories("1,bad,Bad hosts\n2,Good,Good hosts", file: "c")
        let second = table.readReputations(reputations, file: "r")
        return (table, (first + second).map(\.location.line))
    }

    @Test func reputations() throws {
        let (table, problems) = table(
            "10.0.0.1,1,5\n10.0.0.0/8,2,7\n10.0.0.0/24,2,9\n2001:db8::/32,1,3\n300.1.1.1,1,2\n1.1.1.1,1,128\n1.1.1.1,1")
        #expect(problems == [5, 6, 7])
        let good = try #require(table.category(named: "good"))
        func value(_ address: String, _ category: UInt8, hides: Bool = false) throws -> UInt8? {
            table.value(of: try #require(IPAddress(address)), in: category, hostsHideNetworks: hides)
        }
        #expect(try value("10.0.0.1", 1) == 5)
        #expect(try value("10.0.0.1", good) == 9)
        #expect(try value("10.0.0.1", good, hides: true) == 0)
        #expect(try value("10.9.0.1", good) == 7)
        #expect(try value("11.0.0.1", good) == nil)
        #expect(try value("2001:db8::7", 1) == 3)
    }

    @Test func base64() {
        for text in ["", "f", "fo", "foo", "foob", "fooba", "foobar"] {
            #expect(Base64.decode(Base64.encode(text.utf8)) == Array(text.utf8))
        }
        #expect(Base64.encode("fooba".utf8) == Array("Zm9vYmE=".utf8))
        for text in ["Zg", "Zg=", "Z===", "Zm9v;mE=", "Zm9=vYmE"] { #expect(Base64.decode(text.utf8) == nil) }
    }

    static let members: [(DatasetKind, String, Bool)] = [
        (.string, "Y3VybA==", true), (.string, "Y3Vy;A==", false), (.string, "", false),
        (.md5, "1d5920f4b44b27a802bd77c4f0536f5a", true), (.md5, "1d59", false), (.sha256, "zz", false),
        (.ipv4, "192.0.2.1", true), (.ipv4, "2001:db8::1", false), (.ip, "2001:db8::1", true), (.ip, "192.0.2.1", true),
    ]

    @Test(arguments: members)
    func membersOfSets(kind: DatasetKind, text: String, isGood: Bool) {
        let member = kind.member(reading: text)
        #expect((member != nil) == isGood)
        if let member { #expect(kind.text(of: member) == Array(text.utf8)) }
    }

    @Test func mappedAddressesAreIPv4() {
        #expect(DatasetKind.ip.member(reading: "::ffff:192.0.2.1") == [192, 0, 2, 1])
    }
}
