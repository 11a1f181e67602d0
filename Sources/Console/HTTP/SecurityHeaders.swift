import HTTPTypes

/// What a browser is told about every answer.
enum SecurityHeaders {
    /// Nothing from anywhere else, no script and no style inside the page, in no frame of another site. A frame of its own site is
    /// how Home Assistant shows the page of an add-on: both have one origin there.
    static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
        manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'
        """

    static let all: [(HTTPField.Name, String)] = [
        (.contentSecurityPolicy, policy),
        (.xContentTypeOptions, "nosniff"),
        (.cacheControl, "no-store"),
        (name("Referrer-Policy"), "no-referrer"),
        (name("X-Frame-Options"), "SAMEORIGIN"),
        (name("Cross-Origin-Opener-Policy"), "same-origin"),
        (name("Cross-Origin-Resource-Policy"), "same-origin"),
        (name("Permissions-Policy"), "camera=(), geolocation=(), microphone=(), payment=()"),
    ]

    /// The names above are ASCII letters, so the fallback is never reached.
    private static func name(_ text: String) -> HTTPField.Name { HTTPField.Name(text) ?? .server }
}
