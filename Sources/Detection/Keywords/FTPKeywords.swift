import AppLayer
import RuleLanguage

/// `ftpdata_command`: what an FTP data connection was opened for.
enum FTPKeywords {
    static let all = [
        Keyword(name: "ftpdata_command", value: .required, summary: "What the data connection is for: stor or retr.") {
            builder, argument throws(RuleProblem) in
            try builder.require(.ftpData, for: argument.option)
            switch argument.text {
            case "stor": builder.transactionTests.append(.ftpUpload(true))
            case "retr": builder.transactionTests.append(.ftpUpload(false))
            default: throw RuleProblem("'\(argument.text)' is no transfer", hint: "expected stor or retr")
            }
        }
    ]
}
