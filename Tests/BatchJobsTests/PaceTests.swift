import Testing

@testable import BatchJobs

/// How soon a job is looked at again, by tables of what was seen when.
@Suite struct PaceTests {
    static func fields(_ phase: Phase, _ processed: Int64 = -1, of total: Int64 = -1) -> JobFields {
        var fields = JobFields()
        fields.phase = phase
        fields[.processed] = processed
        fields[.total] = total
        return fields
    }

    /// The distances when each look comes as soon as the one before said.
    static func distances(
        _ looks: Int, floor: Int64 = 1_000, cap: Int64 = 60_000, _ at: (Int64) -> JobFields
    ) -> [Int64] {
        var pace = Pace(now: 0)
        var now: Int64 = 0
        return (0..<looks).map { _ in
            _ = pace.saw(at(now), now: now)
            let distance = pace.distance(now: now, floor: floor, cap: cap)
            now += distance
            return distance
        }
    }

    @Test func growsByHalfUpToTheCap() {
        let found = Self.distances(14) { _ in Self.fields(.running) }
        #expect(
            found == [
                1_000, 1_500, 2_250, 3_375, 5_062, 7_593, 11_390, 17_085, 25_627, 38_441, 57_661,
                60_000, 60_000, 60_000,
            ])
    }

    @Test(arguments: [
        (50, 50, 50), (50, 200, 200), (3_600_000, 3_600_000, 3_600_000), (1, 1, 1),
        // A cap below the floor gives way.
        (1_000, 50, 1_000),
    ] as [(Int64, Int64, Int64)]) func staysWithinItsBounds(
        _ floor: Int64, _ cap: Int64, _ highest: Int64
    ) {
        let found = Self.distances(30, floor: floor, cap: cap) { _ in Self.fields(.queued) }
        #expect(found.allSatisfy { $0 >= floor && $0 <= highest } && found.last == highest)
    }

    /// A job that takes 100 s at an even rate: the looks come closer towards its end, where without
    /// counts the last distance would be a third of all.
    @Test func closesInOnTheEnd() {
        var pace = Pace(now: 0)
        var now: Int64 = 0
        var looks = 0
        while now < 100_000 {
            _ = pace.saw(Self.fields(.running, now / 1_000, of: 100), now: now)
            let distance = pace.distance(now: now, floor: 1_000, cap: 60_000)
            if now > 10_000 { #expect(distance <= max(1_000, (100_000 - now) * 6 / 10)) }
            now += distance
            looks += 1
        }
        #expect(now - 100_000 <= 1_000 && looks <= 16, "\(now) after \(looks) looks")
    }

    /// While it waited in a queue it told nothing of how fast it is.
    @Test func theQueueDoesNotCount() {
        var pace = Pace(now: 0)
        for now in [0, 60_000, 120_000] as [Int64] {
            _ = pace.saw(Self.fields(.queued, 0, of: 10), now: now)
        }
        _ = pace.saw(Self.fields(.running, 0, of: 10), now: 130_000)
        // It begins anew, as it came into another phase.
        #expect(pace.distance(now: 130_000, floor: 1_000, cap: 60_000) == 1_000)
        _ = pace.saw(Self.fields(.running, 5, of: 10), now: 140_000)
        #expect(pace.distance(now: 140_000, floor: 1_000, cap: 60_000) == 5_000)
    }

    /// One unit of ten thousand in the first second says that the end is hours away; it is believed
    /// up to four times what would be waited without it.
    @Test func aSlowStartIsNotBelieved() {
        var pace = Pace(now: 0)
        _ = pace.saw(Self.fields(.running, 0, of: 10_000), now: 0)
        _ = pace.saw(Self.fields(.running, 1, of: 10_000), now: 1_000)
        #expect(pace.distance(now: 1_000, floor: 1_000, cap: 60_000) == 6_000)
    }

    /// All is processed and the job is not done: soon, and then ever more seldom.
    @Test func theLastPhase() {
        var pace = Pace(now: 0)
        _ = pace.saw(Self.fields(.running, 0, of: 10), now: 0)
        _ = pace.saw(Self.fields(.running, 10, of: 10), now: 40_000)
        #expect(pace.distance(now: 40_000, floor: 1_000, cap: 60_000) == 1_000)
        _ = pace.saw(Self.fields(.running, 10, of: 10), now: 60_000)
        #expect(pace.distance(now: 60_000, floor: 1_000, cap: 60_000) == 11_000)
    }

    /// Counts that make no sense, and the largest: nothing traps, and the bounds hold.
    @Test func oddCounts() {
        let odd: [Int64] = [-1, 0, 1, 7, .max - 1, .max]
        for first in odd {
            for second in odd {
                for total in odd {
                    for later in [0, 1, 1_000, 1 << 50] as [Int64] {
                        var pace = Pace(now: 0)
                        _ = pace.saw(Self.fields(.running, first, of: total), now: 0)
                        _ = pace.saw(Self.fields(.running, second, of: total), now: later)
                        let distance = pace.distance(now: later, floor: 1_000, cap: 60_000)
                        #expect((1_000...60_000).contains(distance))
                    }
                }
            }
        }
    }

    @Test func tellsWhatIsNew() {
        var pace = Pace(now: 0)
        let looks: [(Phase, Int64, Int64, Bool)] = [
            (.queued, 0, 5, true), (.queued, 0, 5, false), (.running, 0, 5, true),
            (.running, 1, 5, true), (.running, 1, 6, true), (.running, 1, 6, false),
        ]
        for (now, look) in looks.enumerated() {
            let isNew = pace.saw(Self.fields(look.0, look.1, of: look.2), now: Int64(now))
            #expect(isNew == look.3, "\(now)")
        }
    }
}
