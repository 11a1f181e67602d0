/// Overwrites secrets in the bytes of a frame, in place: what is stored, embedded and exported is made of what is left.
///
/// Home Assistant's states carry live tokens: `access_token` of a camera, `?token=` in the picture of a media player, signed
/// paths, codes of locks in the calls of services. They are found by the names of keys and of parameters in URLs, by the user
/// information of URLs, and by the look of JSON Web Tokens. A secret's bytes become `*`, a secret number becomes `0` and spaces.
///
/// The length stays, so that places in the frame stay true; JSON stays JSON; nothing depends on anything but the bytes, so that
/// one event has one identity whichever way it came, and doing it twice changes nothing. It needs no sound JSON: of a frame
/// that was cut off it takes what there is. It takes rather too much than too little.
///
/// A frame without secrets is only read, at the speed of a search for a few bytes. Pure, linear in the length.
package enum FrameRedactor {
    /// Overwrites the secrets in `bytes` from `start` on and returns how many there were. Bytes that are shared are copied only when
    /// there is something to overwrite.
    @discardableResult
    package static func redact(_ bytes: inout [UInt8], from start: Int = 0) -> Int {
        let places = bytes.withUnsafeBufferPointer { bytes -> [SecretPlace] in
            guard let base = bytes.baseAddress, start < bytes.count else { return [] }
            var finder = SecretFinder(base + start, count: bytes.count - start)
            finder.run()
            return finder.places
        }
        guard !places.isEmpty else { return 0 }
        bytes.withUnsafeMutableBufferPointer { bytes in
            for place in places {
                for index in place.range {
                    bytes[start + index] = !place.isNumber ? 0x2A : index == place.range.lowerBound ? 0x30 : 0x20
                }
            }
        }
        return places.count
    }

    /// `text` without secrets, such as a line of JSON; it keeps its length.
    package static func redacted(_ text: String) -> String {
        var bytes = Array(text.utf8)
        return redact(&bytes) == 0 ? text : String(decoding: bytes, as: UTF8.self)
    }
}

/// A secret in a frame.
struct SecretPlace: Equatable {
    var range: Range<Int>
    /// Whether it is a number of JSON and not part of a text.
    var isNumber = false
}
