/// How soon to look at one job again. A value: what it was told, when, decides.
///
/// Without better knowledge the distance grows with the time for which the job has stood where it
/// stands: the floor, and half of that time. From one look to the next this is half as much again.
struct Pace {
    /// Since when the job stands where it stands.
    private var since: Int64
    private var phase: Phase?
    /// The last look before the count of processed units moved, and what it showed.
    private var movedFrom: Int64 = 0
    private var first: Int64 = -1
    private var processed: Int64 = -1
    private var total: Int64 = -1

    init(now: Int64) { since = now }

    /// Takes a look's outcome; answers whether phase or counts differ from those of the last.
    mutating func saw(_ fields: JobFields, now: Int64) -> Bool {
        var count = fields[.processed]
        if count < 0 { count = fields[.succeeded] }
        let whole = fields[.total]
        let isNew = phase != fields.phase || processed != count || total != whole
        // One that has processed all and is not done yet is in its last phase.
        if phase != fields.phase || (count == whole && processed != count) { since = now }
        if total != whole || count < processed { first = -1 }
        if first < 0 || count == first { (movedFrom, first) = (now, count) }
        (phase, processed, total) = (fields.phase, count, whole)
        return isNew
    }

    /// Milliseconds up to the next look: half of what the counts say is left, but no more than four
    /// times what it would be without them, for a slow start says little.
    func distance(now: Int64, floor: Int64, cap: Int64) -> Int64 {
        let grown = floor + (now - since) / 2
        var wanted = grown
        if first >= 0, processed > first, total > processed {
            let left =
                Double(now - movedFrom) * Double(total - processed) / Double(processed - first)
            wanted = Int64(min(left / 2, Double(grown) * 4))
        }
        return max(floor, min(wanted, cap))
    }
}
