"""Why a phase failed, in coarse classes. Ordered rules; the first that matches decides."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from batchdrain.failures.excerpt import excerpt, gist_of
from batchdrain.failures.user_rule import OwnRule

CATEGORIES: Final = ("unknown", "transient", "collection", "deliverable", "patch", "other", "timeout")
"""All categories, in the order in which the default policy takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRule:
    """A built-in rule: a text in lower case that `pattern` finds is of `category`."""

    category: str
    pattern: re.Pattern[str]


def make_own_rule(category: str, match: str) -> OwnRule:
    """A rule from configuration. Raises ValueError for an unknown category or a bad regular expression."""
    if category not in CATEGORIES:
        raise ValueError(f"{category!r} is no category (known: {', '.join(CATEGORIES)})")
    return OwnRule(category, match)


def _make_rule(category: str, match: str) -> CategoryRule:
    """A rule for texts in lower case: searched so, a pattern takes less than half the time that it takes without case."""
    return CategoryRule(category=category, pattern=re.compile(match))


def _make_word_rule(category: str, *alternatives: str) -> CategoryRule:
    """A rule for words: neither a letter nor a digit stands beside them, so 'important' is no 'import'."""
    return _make_rule(category, rf"(?<![a-z0-9])(?:{'|'.join(alternatives)})(?![a-z0-9])")


BUILT_IN: Final = (
    _make_rule("unknown", r"\A\W*+(?:unknown|(?:an? )?(?:unknown|unspecified) (?:error|failure|reason)|errors?|failed|failure|none|null"
                    r"|n/a|no (?:reason|message|output)(?: given)?|(?:\S++ ){0,3}exit code:? \d{1,2})\W*\Z"),
    _make_rule("unknown", r"(?:finished|ended|failed) with status:? (?:failed|failure|error)\W*\Z|\(empty output\b|\bprinted nothing\b"),
    _make_word_rule("timeout", "timed out after \\d+(?:\\.\\d+)? ?(?:s|sec|seconds|m|min|minutes|h|hours)", "timeoutexpired"),
    _make_word_rule(
        "other", "(?:40[0134567]|41\\d|42[0-8]) (?:client )?error", "returned error:? (?:40[0134567]|41\\d|42[0-8])",
        "certificate (?:verify failed|verification failed|has expired|is not trusted)", "no space left on device",
        "disk (?:is )?full", "disk quota exceeded",
        "approval (?:denied|timed out|denied or timed out)",
    ),
    _make_word_rule(
        "transient",
        "(?:connection|connect|network|read|write|socket|request|gateway|handshake|lock|lock wait|pool|dns|ssl|tls|i/o|api|http)"
        "[ _-]?(?:time[ds]?[ _-]?out|wait timeout)(?: exceeded)?",
        "(?:connect|read|write|pool|gateway|request|connection)timeout(?:error)?", "lock(?:notavailable|timeout)(?:error)?",
        "(?:etimedout|econnreset|econnrefused|econnaborted|epipe|enotfound|eai_again|ehostunreach|enetunreach)",
        "connection (?:was |is |has been )?(?:reset|refused|aborted|closed|dropped|lost|error|interrupted|terminated|broken)"
        "(?: unexpectedly| by peer)?",
        "connection(?:reset|refused|aborted|closed|timeout)?error", "remotedisconnected", "(?:lost|dropped|no|closed) connection",
        "could not (?:connect|resolve host|resolve hostname|(?:get|obtain|acquire) (?:a |the )?lock)[^\\n]{0,40}", "failed to connect",
        "(?:couldn'?t|unable to|can ?not|can't) (?:connect|reach|resolve (?:the )?(?:host|proxy|address|domain|dns|name))[^\\n]{0,40}", "unable to access 'https?:[^\\n]{0,200}",
        "(?:name|host|dns)[ -]?(?:name )?resolution", "name or service not known", "no such host", "getaddrinfo[^\\n]{0,40}",
        "network (?:is )?(?:unreachable|error|failure|down)", "no route to host", "host (?:is )?(?:unreachable|down)", "broken pipe",
        "(?:unexpected )?eof (?:while reading|occurred in violation)[^\\n]{0,40}", "tls handshake[^\\n]{0,40}", "socket hang up",
        "temporar(?:y|ily) (?:failure|unavailable|error|down|overloaded)", "try(?:ing)? again(?: later)?", "status:? [a-z]{1,20}_retry",
        "rate[ _-]?limit(?:s|ed|ing)?(?:[ _-]?(?:error|exceeded|reached))?", "too many (?:requests|clients|connections)(?: already)?",
        "throttl(?:ed|ing)(?:[ _-]?exception)?", "throttlingexception", "toomanyrequests(?:exception|error)?", "slow ?down",
        "(?:http|status|code|error|returned|response|server)(?:[ /_:=-]|status|code|error|[12]\\.[01]|[23] |is|was|of){0,6}"
        "(?:429|500|502|503|504|520|522|524|529)",
        "(?:429|500|502|503|504|529)[: ]+(?:server error|too many requests|internal server error|bad gateway|service unavailable"
        "|service temporarily unavailable|gateway time-?out|overloaded)",
        "bad gateway", "internal server error", "gateway time-?out", "overloaded(?:_error)?", "request (?:timed out|was aborted)",
        "service (?:is )?(?:temporarily )?unavailable", "serviceunavailable(?:error|exception)?", "(?:server|backend) unavailable",
        "database (?:is |table is |schema is )?locked", "deadlock(?:s|ed)?(?:detected)?(?: found| detected)?", "lock timeout",
        "could not serialize access", "serialization failure", "lock wait timeout", "server closed the connection",
        "(?:spot|preemptible) (?:instance|vm|node)[^\\n]{0,60}", "preempted", "evicted", "node (?:was )?(?:lost|reclaimed|drained)",
        "resource temporarily unavailable", "eagain", "i/o timeout", "context deadline exceeded \\(client[^\\n]{0,40}",
        "remote end closed[^\\n]{0,40}", "peer (?:reset|closed)[^\\n]{0,40}", "max retries exceeded", "requestlimitexceeded",
        "(?:server|system|service) is (?:starting up|shutting down|restarting)", "remaining connection slots", "server has gone away",
        "upstream connect error", "connection failure", "unknownhost(?:exception|error)?", "timeout was reached",
        "client\\.timeout", "waiting for (?:a )?connection", "loading the dataset",
        "[a-z]{0,40}throughputexceeded(?:exception)?", "(?:leader|broker|coordinator|replica) (?:is )?not available", "early eof", "rpc failed", "the remote end hung up[^\\n]{0,30}", "imagepullbackoff", "errimagepull", "hash sum mismatch",
    ),
    _make_word_rule(
        "timeout",
        "timed[ -]?out", "(?:exceeded|exceeds|reached|hit|over) (?:the |its |a )?(?:active |maximum |max |job |phase |total |overall )*"
        "(?:time ?limit|deadline|execution time|run ?time|duration|wall[ -]?clock(?: time)?|timeout)[^\\n]{0,40}",
        "deadlineexceeded", "deadline exceeded", "exit(?:ed)?(?: with)?(?: code| status)?:? (?:143|124)", "wall_?clock_?timeout",
        "[a-z_]{0,40}_timeout", "timeout \\(>?[\\d.]+ ?s?\\)", "(?:time ?limit|walltime|timeout) (?:exceeded|reached|expired)",
        "timeout(?:error|exception)", "timeout after", "(?:statement|query|job|step|build|phase|task|test|execution|process|command|script|pipeline|stage) time-?out",
        "time-?out of \\d+(?:\\.\\d+)? ?[a-z]{0,12} (?:(?:was|is|has been) )?(?:exceeded|reached|expired|elapsed)", "(?:took|ran|runs|running) longer than", "took too long", "due to time limit",
    ),
    _make_rule("timeout", r"\A\W*+time-?d?[ -]?out\W*\Z"),
    _make_word_rule(
        "deliverable",
        "deliverables?", "missing ?outputexception", "missingoutputexception",
        "(?:artifacts?|outputs?|output files?|expected (?:files?|outputs?|artifacts?|reports?))[^\\n]{0,120}"
        "(?:not (?:been )?(?:found|produced|created|generated|written)|(?:was|were|is|are) (?:missing|empty|not there)|does not exist)",
        "(?:missing|no) (?:required |expected )?(?:artifacts?|outputs?|output files?)(?: found| produced)?",
        "(?:expected|required) (?:files?|outputs?|artifacts?|reports?)[^\\n]{0,40}missing", "no files to upload", "no matching files", "no files were found with the provided path",
        "created files? in (?:the )?wrong (?:locations?|places?|folders?|director(?:y|ies))", "failed to produce[^\\n]{0,60}",
        "(?:did not|didn't|does not) produce[^\\n]{0,60}",
    ),
    _make_word_rule(
        "collection",
        "importerror", "modulenotfounderror", "import[ /-]?errors?", "collection(?:/import)? errors?", "errors? (?:during|while|in) collection",
        "error(?:s)? collecting[^\\n]{0,80}", "errors? (?:during|while) (?:loading|importing)[^\\n]{0,60}", "could not import[^\\n]{0,60}",
        "(?:no module named|cannot import name|cannot find (?:module|package)|can't resolve|could not resolve (?:module|import))[^\\n]{0,80}",
        "importerrors?", "failed to (?:import|load) (?:test )?(?:module|plugin|conftest|suite)[^\\n]{0,60}",
        "(?:no)?class(?:def)?notfound(?:error|exception)?", "noclassdeffounderror", "module not found", "err_module_not_found",
        "pytest exited with (?:code )?[245]", "no tests (?:were )?(?:ran|run|found|collected)",
        "cannot open shared object file", "unresolved import[^\\n]{0,60}", "fixture '[^'\\n]{1,80}' not found",
        "package [^\\s]{1,120} is not in (?:std|goroot)", "no required module provides package", "test suite failed to run",
        "unable to load (?:module|plugin)[^\\n]{0,60}", "cannot load such file", "unable to resolve (?:module|import|path)[^\\n]{0,60}",
        "during collection", "collected (?:\\d{1,6} items? / \\d{1,6} errors?|0 items)", "error: file or directory not found",
        "package [\\w.]{1,120} does not exist", "fatal error: [^\\s]{1,120}\\.h(?:h|pp)?: no such file or directory",
    ),
    _make_word_rule(
        "patch",
        "patch(?:es|ed|ing)?(?= (?:failed|rejected|validation|does|could|cannot|application|apply|fragment|check|error|was|format|is|to))",
        "(?:corrupt|invalid|malformed|truncated|incomplete|bad|reversed|failed|apply|applying|valid|empty|the|llm) patch(?:es)?",
        "patch application", "patch", "no-?op", "no changes (?:were )?(?:applied|made|detected)", "hunks?", "merge conflicts?", "conflict \\([a-z/ ]+\\)",
        "does not exist in index", "does not match index", "(?:git )?diff (?:markers?|--git|header|format)[^\\n]{0,30}", "3-way merge",
        "unmerged (?:files|paths)", "would be overwritten by (?:merge|checkout)", "(?:cherry-?pick|rebase|merge) (?:has )?failed",
        "failed to apply (?:the )?(?:diff|edits?|changes?)", "automatic merge failed", "(?:could not|cannot|failed to) apply [0-9a-f]{6,40}[^\\n]{0,60}",
        "rejects? to file", "non-fast-forward",
        "(?:llm|model)(?:'s)? (?:output|response|answer)[^\\n]{0,60}(?:invalid|malformed|truncated|unparsable|not valid|no valid|could not be parsed)",
        "edit (?:script|block)[^\\n]{0,30} (?:failed|not found)", "search block[^\\n]{0,30} not found",
    ),
)  # fmt: skip
"""The rules that come with batchdrain; configured ones stand before them."""


@dataclass(frozen=True, slots=True)
class Categoriser:
    """Callable: a failure text -> its category. `own` rules stand before the built-in ones."""

    own: tuple[OwnRule, ...] = ()

    def __call__(self, text: str | None) -> str:
        if text is None or not text.strip():
            return "unknown"
        part = excerpt(text)
        for found in self.own:
            if found.matches(part):
                return found.category
        return _categorise(part)

    @property
    def slow(self) -> list[str]:
        """The patterns of the rules that took too long on some text, and are left out."""
        return [found.match for found in self.own if found.slow]


@lru_cache(maxsize=4096)
def _categorise(text: str) -> str:
    message = gist_of(text).lower()
    for found in BUILT_IN:
        if found.pattern.search(message):
            return found.category
    return "other"


def categorise(text: str | None) -> str:
    """One of CATEGORIES; 'unknown' where there is no reason, 'other' where no rule knows it."""
    return Categoriser()(text)
