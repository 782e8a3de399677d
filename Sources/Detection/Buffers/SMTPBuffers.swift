import AppLayer
import NetTypes

/// Buffers of a mail.
enum SMTPBuffers {
    static let all = [
        StickyBuffer(
            id: .mailAttachment, name: "file.data", appProtocol: .smtp, directions: [.toServer],
            progress: SMTPMail.Step.complete, isMultiple: true, summary: "Each attachment of a mail, decoded.")
    ]

    static func bytes(of buffer: BufferID, _ mail: SMTPMail, _ instance: Int) -> BufferBytes? {
        guard buffer == .mailAttachment, mail.attachments.indices.contains(instance) else { return nil }
        return BufferBytes(mail.attachments[instance])
    }
}
