import BatchJobsJSON

/// Reads a body to its end, as far as it is allowed to grow.
func wholeBody(_ exchange: any Exchange, _ call: Call, _ limit: Int64) throws(Failure) -> Bytes {
    let body = Buffer()
    while let chunk = try exchange.read(call) {
        guard Int64(body.count) + Int64(chunk.count) <= limit else {
            throw answerTooLong(limit)
        }
        guard body.append(chunk) else { throw .noMemory }
    }
    return body.bytes
}

func answerTooLong(_ limit: Int64) -> Failure {
    Failure(.limit, "the answer is longer than max_response_bytes (\(limit)) allows")
        .detail("option", "max_response_bytes")
}

/// The beginning of an error's body. What breaks off or does not come within two seconds matters
/// less than the status, which is known.
func errorBody(_ exchange: any Exchange, _ call: Call, _ transport: any Transport)
    throws(Failure) -> Bytes
{
    let body = Buffer()
    let brief = call.brief(now: transport.monotonicMS(), milliseconds: 2_000)
    do throws(Failure) {
        while body.count < 65_536, let chunk = try exchange.read(brief) {
            guard body.append(chunk) else { throw .noMemory }
        }
    } catch where error.status == .transport || error.status == .timeout {}
    return body.bytes
}
