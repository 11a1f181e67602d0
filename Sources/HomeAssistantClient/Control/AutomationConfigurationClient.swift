import BridgeCore

/// Reads and changes the automations of `automations.yaml`, as the editor of Home Assistant does. What stands in other files, comes
/// from a package or has no id is not there for it.
package struct AutomationConfigurationClient: Sendable {
    private let port: RESTPort
    private let answerLimit: Duration

    /// Asks over `port`, and waits for each answer no longer than `answerLimit`.
    package init(_ port: RESTPort, answerLimit: Duration = .seconds(30)) {
        self.port = port
        self.answerLimit = answerLimit
    }

    /// The configuration with this id as it stands in the file, in the spelling in which it stands there; `nil` when the file has
    /// none. Values of `!secret` cannot come: with one in the file this is `.unreadableFile`.
    package func read(_ id: String) async throws(ConfigurationFailure) -> ConfigurationValue? {
        let answer = try await send(.get, id)
        switch answer.status {
        case 200:
            guard let value = ConfigurationValue(json: answer.body), case .object = value else {
                throw .refused(status: 200, message: "Its answer is no configuration. Check where the URL leads.")
            }
            return value
        // Any other 404 is of a Home Assistant that is still starting, or of something in front of it: the automation may exist.
        case 404 where Self.isNotFound(answer): return nil
        default: throw Self.failure(answer, isChange: false, hiding: [])
        }
    }

    /// Writes a configuration, over the one with this id or as a new one. The `id` in it is made `id`: Home Assistant would
    /// take another one in place of that of the request. Home Assistant answers before it has reloaded: wait for
    /// `automation_reloaded`, then look at the state and read.
    ///
    /// - Parameter secrets: texts that a refusal must not quote.
    package func write(
        _ configuration: ConfigurationValue, as id: String, hiding secrets: [String] = []
    ) async throws(ConfigurationFailure) {
        guard case .object(var members) = configuration else {
            throw .notSent("The configuration is no object. Propose a whole automation.")
        }
        members["id"] = .string(id)
        let answer = try await send(.post, id, body: Array(ConfigurationValue.object(members).json.utf8))
        guard Self.isDone(answer) else { throw Self.failure(answer, isChange: true, hiding: secrets) }
    }

    /// Deletes the automation; `false` when the file had none with this id. No `automation_reloaded` follows, but a change of its
    /// state to nothing.
    @discardableResult
    package func delete(_ id: String) async throws(ConfigurationFailure) -> Bool {
        let answer = try await send(.delete, id)
        if Self.isDone(answer) { return true }
        if [400, 404].contains(answer.status), Self.isNotFound(answer) { return false }
        throw Self.failure(answer, isChange: true, hiding: [])
    }

    // MARK: Requests

    private func send(
        _ method: RESTRequest.Method, _ id: String, body: [UInt8]? = nil
    ) async throws(ConfigurationFailure) -> RESTResponse {
        guard let segment = Self.segment(id) else {
            throw .notSent("The id of the automation is empty or holds characters that a URL cannot carry.")
        }
        do throws(RESTFailure) {
            return try await port.send(
                RESTRequest(method, "api/config/automation/config/\(segment)", body: body), within: answerLimit)
        } catch {
            switch error {
            case .notSent(let reason): throw .notSent(reason)
            case .noAnswer(let reason): throw .noAnswer(reason)
            }
        }
    }

    /// The id as one segment of a path; `nil` for one that is none. Everything but letters, digits and a few signs is encoded.
    static func segment(_ id: String) -> String? {
        guard !id.isEmpty, id != ".", id != "..", id.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        let digits = Array("0123456789ABCDEF".utf8)
        var output: [UInt8] = []
        for byte in id.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: output.append(byte)
            default: output += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    // MARK: Answers

    private static func message(_ answer: RESTResponse) -> String? {
        ConfigurationValue(json: answer.body)?["message"]?.text
    }

    private static func isNotFound(_ answer: RESTResponse) -> Bool { message(answer) == "Resource not found" }

    private static func isDone(_ answer: RESTResponse) -> Bool {
        answer.status == 200 && ConfigurationValue(json: answer.body)?["result"]?.text == "ok"
    }

    private static func failure(
        _ answer: RESTResponse, isChange: Bool, hiding secrets: [String]
    ) -> ConfigurationFailure {
        switch answer.status {
        case 401: return .unauthorised
        case 500: return .unreadableFile
        // Of something in front of Home Assistant, which does not know whether the request was carried out.
        case 502...504 where isChange:
            return .noAnswer("Something in front of Home Assistant answered with HTTP status \(answer.status).")
        case 200 where isChange:
            return .noAnswer(
                "Something answered that does not speak as Home Assistant does. Check where the URL leads.")
        case 300..<400:
            return .refused(
                status: answer.status,
                message: "This is a redirect. Redirects are not followed: store the URL that it leads to.")
        default:
            let text = message(answer).map { ForeignText.shown($0, hiding: secrets) }
            return .refused(status: answer.status, message: text ?? "It gave no reason.")
        }
    }
}
