/// How many requests a client may send: what its options allow, and what the service's headers say
/// is left. A value: clock and answers come in from outside, so that its tests are tables.
struct RequestBudget {
    /// How a request may not go out yet.
    enum Reason { case slots, ownLimit, service }

    /// How soon to look for a free slot again: nobody says when one becomes free.
    static let slotMS: Int64 = 5
    /// Where nothing was left, one request goes out after the reset; the others wait this long for
    /// what its answer says.
    static let probeMS: Int64 = 500
    /// A reset further away than this is rubbish.
    static let longestResetMS: Int64 = 3_600_000
    /// Fewer left than this are few.
    static let few: Int64 = 20

    /// 0: as many as one likes.
    private let most: Int
    private let intervalMS: Int64
    private let slots: Int
    /// When the last `most` requests went out; the oldest stands at `oldest`.
    private var sent: [Int] = []
    private var oldest = 0
    /// What the service leaves up to `resetAt`; nothing is known without one.
    private var left: Int64 = 0
    private var resetAt: Int64?
    /// After the reset one request has gone out, and nobody has told yet what is left.
    private var isProbing = false

    init(most: Int64, intervalMS: Int64, slots: Int64) {
        self.most = Int(most)
        self.intervalMS = intervalMS
        self.slots = Int(slots)
    }

    /// Counts a request that goes out now, and answers nil; or else how long it must wait, and why.
    ///
    /// One sent `ahead` of need may stay on the wire for as long as the caller likes, so the last
    /// slot is not for it; and the last request goes to whoever needs it now.
    mutating func take(now: Int64, underWay: Int, ahead: Bool = false) -> (wait: Int64, why: Reason)? {
        var wait: (wait: Int64, why: Reason)?
        func atLeast(_ end: Int64, _ why: Reason) {
            if end - now > wait?.wait ?? 0 { wait = (end - now, why) }
        }
        let kept = ahead ? 1 : 0
        if slots > 0, underWay >= slots - kept { atLeast(now + Self.slotMS, .slots) }
        let free = most - sent.count
        if most > 0, free <= kept {
            let first = free < kept ? oldest + 1 : oldest
            atLeast(most == kept ? .max : Int64(sent[first % most]) + intervalMS, .ownLimit)
        }
        if let resetAt, left <= kept { atLeast(resetAt, .service) }
        if wait != nil { return wait }
        if sent.count < most {
            sent.append(Int(now))
        } else if sent.indices.contains(oldest) {
            sent[oldest] = Int(now)
            oldest = (oldest + 1) % sent.count
        }
        if let reset = resetAt, now >= reset {
            isProbing = left <= 0
            resetAt = isProbing ? now + Self.probeMS : nil
        }
        left -= 1
        return nil
    }

    /// What an answer says is left, and for how long; `others` are under way besides, and may not
    /// have been counted there yet.
    mutating func told(left: Int64, resetMS: Int64, now: Int64, others: Int) {
        guard resetMS >= 0, resetMS <= Self.longestResetMS else { return }
        self.left = max(0, left - Int64(others))
        resetAt = now + resetMS
        isProbing = false
    }

    /// An answer came that says nothing: where the limit was over, it says so.
    mutating func heardNothing() {
        if isProbing { resetAt = nil }
    }

    /// How far apart requests should be, so that the few that are left last until there are more.
    func breath(now: Int64) -> Int64 {
        guard let resetAt, left < Self.few, resetAt > now else { return 0 }
        return (resetAt - now) / max(1, left)
    }
}
