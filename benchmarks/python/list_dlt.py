"""dlt's RESTClient, which walks the pages itself."""
import sys

from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

from jobs import seen_document

client = RESTClient(sys.argv[1], auth=BearerTokenAuth("key"),
                    paginator=JSONResponseCursorPaginator(cursor_path="next_cursor", cursor_param="cursor"))
jobs = total = 0
for page in client.paginate("/batch", params={"limit": 100}, data_selector="jobs"):
    total += sum(map(seen_document, page))
    jobs += len(page)
print(jobs, total)
