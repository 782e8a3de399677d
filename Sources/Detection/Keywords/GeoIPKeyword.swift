import RuleLanguage

/// `geoip`: the country of an address, by a database the user provides.
enum GeoIPKeyword {
    static let keyword = Keyword(
        name: "geoip", value: .required,
        summary: "Country of an end: [src|dst|any|both,]CC,CC,... with ! for none of them."
    ) { builder, argument throws(RuleProblem) in
        #if GeoIP
            var parts = argument.parts.map { $0.lowercased() }
            let sides: [String: CountryTest.Side] = [
                "src": .source, "dst": .destination, "any": .any, "both": .both,
            ]
            var side = CountryTest.Side.any
            if let first = parts.first, let named = sides[first] {
                side = named
                parts.removeFirst()
            }
            let negated = parts.filter { $0.hasPrefix("!") }
            guard negated.isEmpty || negated.count == parts.count || parts.first?.hasPrefix("!") == true else {
                throw RuleProblem("geoip negates some countries and not others", hint: "write !A,B for none of them")
            }
            let codes = parts.map { $0.hasPrefix("!") ? String($0.dropFirst()) : $0 }
            guard !codes.isEmpty, codes.allSatisfy({ $0.count == 2 && $0.allSatisfy { $0.isLetter || $0.isNumber } })
            else {
                throw RuleProblem(
                    "'\(argument.text)' names no countries",
                    hint: "expected two-letter codes of ISO 3166: geoip:dst,RU,KP")
            }
            if !builder.context.hasCountryDatabase {
                let message = "geoip needs a country database and none is given"
                let hint = "set geoip.database to an .mmdb file, such as GeoLite2-Country.mmdb"
                guard !builder.context.requiresDatabases else { throw RuleProblem(message, hint: hint) }
                builder.warn(argument.option, message, hint: hint)
            }
            // Judged packet by packet: unlike `iprep`, it is not among what a rule about addresses alone may have.
            builder.hasOnlyAddressTests = false
            builder.countryTests.append(
                CountryTest(side: side, countries: Set(codes.map { $0.uppercased() }), isNegated: !negated.isEmpty))
        #else
            throw RuleProblem(
                "geoip is not part of this build",
                hint: "build with the package trait GeoIP (needs libmaxminddb-dev): swift build --traits GeoIP")
        #endif
    }
}
