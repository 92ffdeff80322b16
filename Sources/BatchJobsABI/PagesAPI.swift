import BatchJobs
import BatchJobsJSON
public import CBatchJobs

/// An iterator over pages, and the page it gave last.
final class PagesHandle {
    let pages: JobPages
    let claim = Claim()
    var page: Page?

    init(_ pages: JobPages) { self.pages = pages }
}

@c @implementation public func bj_client_list(
    _ client: OpaquePointer!, _ options: OpaquePointer!, _ cancel: OpaquePointer!,
    _ fn: bj_page_fn!, _ payload: UnsafeMutableRawPointer!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        let client = try unsafe required(client, Client.self, "client")
        guard let fn = unsafe fn else { throw null("fn") }
        // The steps are calls of their own: one between them must end the whole too.
        let count = client.interruption.cancelCount
        let pages = try unsafe client.pages(settings(options), cancellation(cancel))
        while let page = try pages.next() {
            let stop = withExtendedLifetime(page) { unsafe fn(borrowed(page), payload) != 0 }
            if stop { return bj_status(BJ_STOPPED) }
            try client.interruption.check(since: count)
        }
        return bj_status(BJ_OK)
    }
}

@c @implementation public func bj_pages_open(
    _ out: UnsafeMutablePointer<OpaquePointer?>!, _ client: OpaquePointer!,
    _ options: OpaquePointer!, _ cancel: OpaquePointer!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        let out = unsafe try output(out)
        let client = try unsafe required(client, Client.self, "client")
        let pages = try unsafe client.pages(settings(options), cancellation(cancel))
        unsafe out.pointee = owned(PagesHandle(pages))
        return bj_status(BJ_OK)
    }
}

@c @implementation public func bj_pages_next(
    _ out: UnsafeMutablePointer<OpaquePointer?>!, _ pages: OpaquePointer!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        let out = unsafe try output(out)
        let handle = try unsafe required(pages, PagesHandle.self, "pages")
        return try handle.claim.hold { () throws(Failure) in
            handle.page = nil
            guard let page = try handle.pages.next() else { return bj_status(BJ_END) }
            handle.page = page
            unsafe out.pointee = borrowed(page)
            return bj_status(BJ_OK)
        }
    }
}

@c @implementation public func bj_pages_destroy(_ pages: OpaquePointer!) {
    unsafe destroy(pages, PagesHandle.self)
}

@c @implementation public func bj_page_count(_ page: OpaquePointer!) -> Int {
    unsafe look(page, Page.self, none: 0) { $0.jobs.count }
}

@c @implementation public func bj_page_job(_ page: OpaquePointer!, _ index: Int) -> OpaquePointer! {
    unsafe look(page, Page.self, none: nil) { page in
        page.jobs.indices.contains(index) ? unsafe borrowed(page.jobs[index]) : nil
    }
}

@c @implementation public func bj_page_next_cursor(_ page: OpaquePointer!)
    -> UnsafePointer<CChar>!
{
    unsafe object(page, Page.self)?.nextCursor?.pointer
}

@c @implementation public func bj_page_raw_json(
    _ page: OpaquePointer!, _ length: UnsafeMutablePointer<Int>!
) -> UnsafePointer<CChar>! {
    unsafe span(object(page, Page.self)?.raw, length)
}
