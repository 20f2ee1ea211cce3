"""Answers with a video or its captions, for pages that have checked who may have them."""

from __future__ import annotations

import structlog
from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.utils import send_file

from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.media.queries import Recording

logger = structlog.get_logger(__name__)

ALONE = "sandbox; default-src 'none'"
"""The security policy of what somebody brought: opened by itself it runs nothing and loads nothing."""


def video(recording: Recording) -> Response:
    """Answer with a video, whole or in the range that is asked for; raises `Missing` where the file is lost.

    Several ranges at once, or a range that can't be read, are answered with the whole, as HTTP allows.
    """
    environ = dict(request.environ)
    wanted = request.range
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        environ.pop("HTTP_RANGE", None)
    path = kernel().files.path(recording.digest)
    try:
        answer = send_file(
            path, environ, mimetype=recording.type, conditional=True, etag=recording.digest, response_class=Response
        )
    except RequestedRangeNotSatisfiable:
        return _alone(Response(status=416, headers={"Content-Range": f"bytes */{recording.bytes}"}))
    except FileNotFoundError as error:
        logger.warning("media file lost", digest=recording.digest)
        raise Missing from error
    return _alone(answer)  # type: ignore[arg-type]  # send_file answers with the class that it is given


def captions(text: str) -> Response:
    """Answer with captions; raises `Missing` where there are none."""
    if not text:
        raise Missing
    answer = Response(f"{text}\n", content_type="text/vtt; charset=utf-8")
    answer.add_etag()
    answer.make_conditional(request)
    return _alone(answer)


def _alone(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = ALONE
    answer.headers["Content-Disposition"] = "inline"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
