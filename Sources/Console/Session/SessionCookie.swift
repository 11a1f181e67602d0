import BridgeCore
import Cryptography
import HTTPTypes
import HummingbirdCore

/// The cookie that shows whose browser it is: 256 random bits, of which only a digest is stored.
enum SessionCookie {
    static let name = "ha_bridge_session"

    /// The cookie's value; `nil` where there is none, or several, one of which somebody else may have planted.
    static func value(in request: Request) -> String? {
        let pairs = request.headers[values: .cookie].flatMap { $0.split(separator: ";") }
        let values = pairs.compactMap { pair -> Substring? in
            let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 && parts[0] == name ? parts[1] : nil
        }
        guard values.count == 1, let value = values.first, value.utf8.count == 43 else { return nil }
        return String(value)
    }

    /// The header that gives a browser its cookie, or with `nil` takes it away.
    static func header(_ secret: String?, usesTLS: Bool) -> String {
        let age = secret == nil ? 0 : ConsoleAges.session
        return "\(name)=\(secret ?? ""); Path=/; Max-Age=\(age); HttpOnly; SameSite=Strict"
            + (usesTLS ? "; Secure" : "")
    }

    /// What a page sends along in `X-CSRF-Token` to show that it can read answers of this console. It follows from the cookie, from
    /// which nothing follows back. Throws `.libraryFailure`.
    static func csrfToken(of secret: String) throws -> String {
        Hexadecimal.text(try RandomSecret.digest(of: "csrf " + secret))
    }
}

/// Lengths of lives, in seconds.
enum ConsoleAges {
    static let session = 14 * 86_400
}

/// Keeps requests out that another site made a browser send.
enum SiteCheck {
    static let tokenHeader = HTTPField.Name("X-CSRF-Token") ?? .from
    private static let siteHeader = HTTPField.Name("Sec-Fetch-Site") ?? .from

    private static let foreign = Problem(
        403, "other_site", "Another site sent this request. Open the console itself and do it there.")

    /// Throws where a browser says that the request comes from another site, or from none, as a page in a sandbox does.
    static func refuseForeign(_ request: Request) throws(Problem) {
        if let site = request.headers[siteHeader] {
            guard site == "same-origin" else { throw foreign }
            // The browser has compared; a proxy in between may have changed the name of the host.
            return
        }
        guard let origin = request.headers[.origin] else { return }
        guard let end = origin.firstRange(of: "://"), let host = request.head.authority,
            origin[end.upperBound...].lowercased() == host.lowercased()
        else { throw foreign }
    }

    /// Throws unless the request, which carries `secret` as its cookie, was sent by a page of this console.
    static func require(_ request: Request, _ secret: String) throws {
        guard request.headers[siteHeader] != nil || request.headers[.origin] != nil else {
            throw Problem(
                403, "other_site",
                "The browser does not say which page sent this request. A script uses a token: Authorization: Bearer …."
            )
        }
        try refuseForeign(request)
        let expected = try SessionCookie.csrfToken(of: secret)
        guard let token = request.headers[tokenHeader], ConstantTime.equal(Array(token.utf8), Array(expected.utf8))
        else {
            throw Problem(
                403, "csrf", "The header X-CSRF-Token is missing or of another session. Load the page again.")
        }
    }
}

extension HTTPRequest.Method {
    /// Whether it changes nothing by its meaning.
    var isSafe: Bool { self == .get || self == .head || self == .options }
}
