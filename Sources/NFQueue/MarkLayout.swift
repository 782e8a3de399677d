/// How Weir uses the packet mark: one run of bits that is Weir's own, counted here from its lowest bit. The rules that
/// `scripts/gateway` installs read the same bits, so both sides are given the same mask.
///
///     bit  name        0xff    meaning
///     0    accepted    0x01    kept for flows the kernel accepts by itself; never set yet
///     1    dropped     0x02    kept for flows the kernel drops by itself; never set yet
///     2    judged      0x04    a verdict let this packet pass: the seal goes on to the admin's rules
///     3    reject      0x08    the seal answers with a TCP reset or an ICMP error, then drops
///     4-   generation  0xf0    kept for the policy generation of the flow bits; never set yet
///
/// A verdict replaces the whole mark of the packet, so every mark sent keeps the bits outside the mask as they came.
public struct MarkLayout: Hashable, Sendable {
    /// The four named bits.
    public static let minimumBits = 4

    /// All bits that are Weir's own.
    public let mask: UInt32

    /// Bits 0 to 7.
    public init() { mask = 0xff }

    /// - Parameter mask: one run of at least four bits; otherwise nil.
    public init?(mask: UInt32) {
        let run = mask >> UInt32(mask.trailingZeroBitCount)
        guard mask.nonzeroBitCount >= MarkLayout.minimumBits, run & (run &+ 1) == 0 else { return nil }
        self.mask = mask
    }

    /// The lowest bit of the mask.
    public var accepted: UInt32 { mask & (~mask &+ 1) }

    public var dropped: UInt32 { accepted << 1 }

    public var judged: UInt32 { accepted << 2 }

    public var reject: UInt32 { accepted << 3 }

    /// Every bit above the named four; 0 when there is none.
    public var generation: UInt32 { mask & ~(accepted | dropped | judged | reject) }

    /// The mark of a packet that may pass, in place of `old`.
    public func accepting(_ old: UInt32) -> UInt32 { (old & ~mask) | judged }

    /// The mark of a packet the kernel is to reject, in place of `old`.
    public func rejecting(_ old: UInt32) -> UInt32 { (old & ~mask) | reject }
}
