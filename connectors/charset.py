"""Bytes to text: by a marker, by the header's charset, or by what an XML document declares."""

from __future__ import annotations

import re

from connectors.translation import PayloadError

_DECLARED = re.compile(rb"""^<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
#: Markers at the beginning of a text (Unicode 16, §23.8), longest first.
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
#: GB18030 reads all of GB2312 and GBK, which devices name but do not keep to.
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030"}


def decoded(body: bytes, charset: str = "", default: str = "utf-8") -> str:
    """Return the text of a body: by its marker, by ``charset`` (of the header), or by what it declares itself.

    Raises PayloadError when it is not text in that charset.
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            body, charset = body[len(mark) :], name
            break
    declared = _DECLARED.match(body.lstrip()[:300])
    name = (charset or (declared[1].decode() if declared else "") or default).strip().lower()
    try:
        return body.decode(_WIDER.get(name, name))
    except LookupError:
        raise PayloadError("content-type", "names a charset that is not known") from None
    except (UnicodeDecodeError, ValueError):
        raise PayloadError("body", "is not text in the charset that it names") from None
