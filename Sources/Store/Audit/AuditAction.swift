/// What an audit row is about: a word of lowercase letters and underscores. Other modules add theirs as static members.
package struct AuditAction: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    /// `rawValue` matches `[a-z][a-z_]*` and has at most 100 characters.
    package init(rawValue: String) { self.rawValue = rawValue }

    /// A session with Home Assistant began.
    package static let connect = AuditAction(rawValue: "connect")
    /// A session with Home Assistant ended.
    package static let disconnect = AuditAction(rawValue: "disconnect")
    /// A person tested a connection.
    package static let test = AuditAction(rawValue: "test")
    /// A session failed, or could not begin.
    package static let error = AuditAction(rawValue: "error")
    /// Home Assistant refused the token.
    package static let authFailure = AuditAction(rawValue: "auth_failure")
    package static let tokenChange = AuditAction(rawValue: "token_change")
    package static let tlsChange = AuditAction(rawValue: "tls_change")
    package static let urlChange = AuditAction(rawValue: "url_change")
    package static let connectionAdd = AuditAction(rawValue: "connection_add")
    package static let connectionRemove = AuditAction(rawValue: "connection_remove")
    package static let connectionPause = AuditAction(rawValue: "connection_pause")
    package static let connectionResume = AuditAction(rawValue: "connection_resume")
    package static let userAdd = AuditAction(rawValue: "user_add")
    /// A person was erased; the row names no one.
    package static let userErase = AuditAction(rawValue: "user_erase")
    package static let userDeactivate = AuditAction(rawValue: "user_deactivate")
    /// A login of the database was tied to a user, or no longer is.
    package static let userGrant = AuditAction(rawValue: "user_grant")
    package static let userRevoke = AuditAction(rawValue: "user_revoke")
    /// Somebody may see a house of another, or no longer.
    package static let connectionShare = AuditAction(rawValue: "connection_share")
    package static let connectionUnshare = AuditAction(rawValue: "connection_unshare")
    /// Somebody signed in to the console.
    package static let signIn = AuditAction(rawValue: "sign_in")
    /// Somebody tried; the user is of zeros where the name is nobody's.
    package static let signInFailure = AuditAction(rawValue: "sign_in_failure")
    package static let signOut = AuditAction(rawValue: "sign_out")
    /// A session was ended from elsewhere.
    package static let sessionEnd = AuditAction(rawValue: "session_end")
    /// A link that sets a password was made.
    package static let linkAdd = AuditAction(rawValue: "link_add")
    package static let passwordSet = AuditAction(rawValue: "password_set")
    /// A token for scripts was made, or ended.
    package static let tokenAdd = AuditAction(rawValue: "token_add")
    package static let tokenEnd = AuditAction(rawValue: "token_end")
    package static let keyRotate = AuditAction(rawValue: "key_rotate")
    /// What is kept for how long was changed.
    package static let retentionRuleAdd = AuditAction(rawValue: "retention_rule_add")
    package static let retentionRuleRemove = AuditAction(rawValue: "retention_rule_remove")
}
