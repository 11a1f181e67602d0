import BridgeCore
import Cryptography
import FoundationEssentials
import Store

/// The name of a button of a notification, by which its answer is known: `ha_bridge_approve_<workflow>_<token>`, both in hexadecimal
/// digits. Home Assistant sends it back as it is.
package struct ApprovalAction: Sendable, Equatable {
    package let workflow: WorkflowID
    package let isApproval: Bool
    /// 64 hexadecimal digits.
    let token: String

    /// 256 random bits for one notification.
    static func newToken() -> String {
        // The system's generator: nobody can foretell what it gives.
        var generator = SystemRandomNumberGenerator()
        return Hexadecimal.text((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }

    init(_ workflow: WorkflowID, isApproval: Bool, token: String) {
        self.workflow = workflow
        self.isApproval = isApproval
        self.token = token
    }

    /// Reads the name of a button, in any case of letters; `nil` for one that is not ours.
    package init?(_ text: String) {
        let text = text.lowercased()
        guard text.utf8.count <= 200, text.hasPrefix(Self.prefix) else { return nil }
        let parts = text.dropFirst(Self.prefix.count).split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3, let isApproval = ["approve": true, "reject": false][String(parts[0])],
            let workflow = Self.workflow(parts[1]), parts[2].utf8.count == 64,
            parts[2].utf8.allSatisfy({ Self.digits.contains($0) })
        else { return nil }
        self.init(workflow, isApproval: isApproval, token: String(parts[2]))
    }

    package static let prefix = "ha_bridge_"
    private static let digits = Set("0123456789abcdef".utf8)

    private static func workflow(_ text: Substring) -> WorkflowID? {
        guard text.utf8.count == 32, text.utf8.allSatisfy({ digits.contains($0) }) else { return nil }
        var parts: [Substring] = []
        var rest = text
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return WorkflowID(parts.joined(separator: "-"))
    }

    /// What Home Assistant gets.
    package var text: String {
        let word = isApproval ? "approve" : "reject"
        return "\(Self.prefix)\(word)_\(workflow.description.replacing("-", with: ""))_\(token)"
    }

    /// SHA-256 of the token, 32 bytes: what is stored of it. Throws `CryptographyError`.
    package func tokenDigest() throws -> [UInt8] {
        var digest = try SHA256Digest()
        let bytes = Array(token.utf8)
        return try bytes.withUnsafeBytes { raw throws(CryptographyError) in try digest.digest(raw) }.bytes
    }
}
