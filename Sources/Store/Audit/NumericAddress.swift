#if canImport(Glibc)
    import Glibc
#endif

/// Addresses as the type `inet` takes them.
enum NumericAddress {
    /// `text` without the zone of a link-local address, which `inet` refuses; `nil` for anything but an IPv4 or IPv6 address.
    static func normalised(_ text: String) -> String? {
        let address = String(text.prefix { $0 != "%" })
        var buffer = in6_addr()
        let isAddress = inet_pton(AF_INET, address, &buffer) == 1 || inet_pton(AF_INET6, address, &buffer) == 1
        return isAddress ? address : nil
    }
}
