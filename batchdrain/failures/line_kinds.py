"""Tells how much a line of output says about what went wrong, judged by its form and, where possible, not by the form of a
single program."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

from batchdrain.failures.patterns import make_pattern
from batchdrain.failures.telling_words import COMPLAINS, TELLING, WORDS

LOOKED_AT: Final = 300
"""A line is judged by its first characters, at most this many."""


class Kind(IntEnum):
    """The kinds of lines. A higher kind tells more."""

    NOTHING = 0  #: a blank line, a ruler, a stack frame, an excerpt of code
    REMARK = 1  #: progress, a warning, a note, a hint, where a log is
    PLAIN = 2  #: any other line
    SUMMARY = 3  #: says that something failed, or how often, but not what
    WRAPPER = 4  #: an exception that says that another program failed, but not why
    SAYING = 5  #: a name, a colon, and what it says
    COMPLAINT = 6  #: has words that mean a failure
    VERDICT = 7  #: a program calls it an error
    EXCEPTION = 8  #: an exception, a panic, a failed assertion


_STAMP: Final = make_pattern(
    r"(?:[\[(]?(?:\d\d)?\d\d[-/]\d\d[-/]\d\d[T _]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d| UTC)?[\])]?"
    r"|[\[(]?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?[\])]?(?=[ \t:|-])|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?: [\w.-]{1,60} [\w./-]{1,40}(?:\[\d{1,9}\])?:(?= ))?"
    r"|==\d{1,9}==|std(?:err|out) [FP](?= )|1\d{9}(?:\.\d{1,9})?(?= )|[A-Za-z][\w.-]{0,40} *\|(?= )|\|(?= )|[│║┃](?=\s|$)|╷$|╵$)(?: - |: | ?)"
)
_GROUP: Final = make_pattern(r"[+| -]*\| |E   |npm (?:ERR!|error) ?|##\[error\]|::error [^:]*::")
_NAME: Final = r"(?:[A-Za-z_][\w$]{0,80}(?:\.|::|\\|/))*[A-Za-z_]?[\w$]{0,80}"
_FAULT: Final = r"(?:Error|Exception|Failure|Fault|Rejection|Interrupt|Exceeded|Violation|NotFound|NotFoundError|Timeout|ExceptionGroup|Refused|Denied)"

CROSS: Final = make_pattern(r"\A[✖✗✘✕×❌⨯☓] ?")
"""A cross before what failed, or before the number of failures."""
PLACE: Final = make_pattern(r"(?:[-*•] )?(?:\S*[/\\]\S*|\S+\.[a-z]{1,4})(?: \(\d+:\d+\))?|\d+[:|] .*")
"""A line that only says where, or shows the code there."""
NO_WORDS: Final = make_pattern(r"[\s\W_]*")
_COUNTS: Final = make_pattern(r"[\W\d_]*")
"""Only numbers and punctuation."""
DIAGNOSTIC_BOX: Final = make_pattern(r",-\[|[╭┌]─+\[")
"""The upper left corner of a box with code; above it is the message of the compiler."""
CARET: Final = make_pattern(r"[\s|\d:.>]*+[\^~][\s\^~|-]*+(?:here\b.*|\(from line \d.*)?")
HEADER: Final = make_pattern(
    r"(?:--- FAIL: |● |FAIL(?:ED)?: |ERROR: test|\* What went wrong:|thread '[^']*' (?:\(\d+\) )?panicked at (?!')|CMake Error(?: at [^\n]*)?:?$"
    r"|CMake Error: |[A-Z][a-z]+ Error in \w|ERROR in \S+(?: [\d:-]+)?$|terminate called after|\* where:).*|\d+[.)] +\w*(?:Error|Exception|Failure)|(?:[A-Z][a-z]+ ){1,3}Error|(?:=+\w+!?=+ )?[Ee]rror (?:while|during) [a-z]+ing \S+|.*:"
)
"""A line that announces what follows."""
CAUSED: Final = make_pattern(r"(?:Caused by:|Cause:|\[cause\]:|[- ]*---> |Wrapped by:|Root cause:) ?(?=\S)")
CAUSES: Final = make_pattern(r"(?:Caused by|Causes?|Reasons?):")
"""A line that announces the causes below it."""
OPTION: Final = make_pattern(r"--?[A-Za-z][\w-]*(?:[=,\s].*)?$")
"""A line that explains an option of a program."""
NUMBER: Final = make_pattern(r"\A\d+: ")
CLOSES: Final = make_pattern(r"[^\w\s]*\w*[^\w\s]+:")
"""The end of a wrapped header: punctuation, perhaps with a number in it."""
_BANNER: Final = make_pattern(r"([*=#-]{3,}) [^*=#]{1,80} \1")
"""A headline between rows of signs."""
WARNED: Final = make_pattern(r"(?:>> )?(?:[\w./()@,-]{1,80}:(?:\d+:)* ?)?\[?(?:[Ww]arning|WARN(?:ING)?)\b")
EXCEPTION_IGNORED: Final = make_pattern(r"Exception ignored |Error in (?:atexit|sys\.excepthook)|Suppressed: ")
TRACEBACK: Final = make_pattern(r"(?:Traceback \(most recent call last\)|\+ Exception Group Traceback)")

OWN_FRAME: Final = make_pattern(
    r"at (?:[\w$.<>\[\]/@` -]+ ?\(|(?:async )?(?:new )?(?:file:)?[/\w@.-]+[:(/]\S*\d)|from \S+:\d+:in "
)
"""A frame of a stack that is printed below its exception."""
_FRAME: Final = make_pattern(
    r"at (?:[\w$.<>\[\]/@` -]+ ?\(|(?:async )?(?:new )?(?:file:)?[/\w@.-]+[:(/]\S*\d|<anonymous>|[\w.$<>]+\.[\w$<>]+ \(|/)|\s*at .* in .*:line \d"
    r"|from \S+:\d+:in |[^\s:]+:\d+:in [`'][^`'\n]*'$|from \S+\.rb:\d|\.\.\. \d+ (?:more|common)|goroutine \d+|created by |File \"|File '|<frozen "
    r"|#\d+ +(?:0x|/|\S+\(\d+\)|\{main\}|\S+ in )|\d+: +(?:0x[0-9a-f]+|[\w<].*::|_?_?rust|main$|core::|std::)|(?:stack )?[Tt]raceback\b|[Ss]tack (?:backtrace|trace|dump)|.{0,60}\b(?:[Bb]acktrace|[Ss]tack ?trace|[Cc]all stack):?$|\d+: \("
    r"|\$?(?:0x)?[0-9A-Fa-f]{8,16} \S+$|[^\n]{0,200}>>>[^<>\n]{1,80}<<<|in (?:block|sub|method|function|submethod|regex) \S+ (?:at|in) \S+ (?:\(\S+\) )?line \d+"
    r"|thrown in |\[C\]: |\S+: in (?:function|main chunk|method|local|upvalue|field|global|\?|<)|\S+\.go:\d+ \+0x|[\w./*()\[\]$-]+\((?:0x[0-9a-f, .?x{}]*|\.\.\.)?\)$"
    r"|\S+\((?:[^()]*)\) called at |-+> +\S+:\d+|╭|╰|::: |= (?:note|help|warning)|(?:exit status|Exit status) \d+$|\*\*\* Backtrace|Call Stack|Require stack:"
    r"|\[?signal SIG\w+|in <module>|Calls: |Error in atexit|During handling of the above|The above exception was the direct|(?:node|internal)[:/][\w/]+:\d+$"
    r"|\(?[\w./\\@~-]*[/.][\w./\\@-]*:\d+(?::\d+)?\)?:?$|[\w./ -]+ line \d+$|\(.* line \d+\)$|In file included from|\s+from \S+:\d+[,:]"
)
_EXCERPT: Final = make_pattern(
    r"(?:>? *\d+ *[|│]|[%#;] *\d* *[|│]|\d+ [|┆]|[|┆] |[-+]{1,3}(?:[ <]|>(?! \S+: \S))|[+=*#~_ -]{8,}$|\++ \S|> |# |\d+ \S.*;$|\|)|LINE \d+: "
)
_EXCEPTION: Final = make_pattern(
    rf"(?:(?:Exception in thread \S{{1,200}}|Uncaught|Unhandled [Ee]xception[:.]?|Fatal error:|PHP Fatal error: |error:|\[?ERROR\]?:?|\d+\)|●)\s+)*\[?{_NAME}{_FAULT}"
    r"(?:\s?[\[(<][^\])>\n]{0,120}[\])>])?(?:: .+|:?$)"
    r"|(?:goroutine \d+ )?panic: |(?:thread '[^']*' (?:\(\d+\) )?)panicked at|what\(\): |Exception in thread |Unhandled exception|Uncaught |\*{2} \(\w|FAILED \S+::\S+|ERROR \S+\.py"
    r"|● |ASSERT(?:ION)? FAILED|assert(?:ion)?\b.* failed|assert .|.*[Aa]ssertion [`'\"(]?.* failed|--- FAIL: |PHP (?:Parse|Fatal) error"
    r"|(?:FAIL|ERROR): test\w* \(|not ok \d+|(?:Failure|Error):$"
)
_WRAPS: Final = make_pattern(
    r"(?:returned|(?:exited|ended|failed|finished|died|terminated) with|exit) .{0,30}(?:status|code|value|signal|<Signals\.)\W{0,2}\w+[.)>:]*\Z"
    r"|\A(?:FAILED|ERROR) \S+(?:\.py|::\S+)\Z|(?:[Aa]t least|[Oo]ne or more|[Ss]ome) .{1,60}(?:did not (?:complete|succeed|pass|finish)|failed)\b.{0,30}\Z"
    r"|\A(?:\w*(?:Error|Exception): )?[Ff]ailed to \w+ \d+ \w+\b.{0,40}\Z"
)
_CLASS_AT_END: Final = make_pattern(
    rf".*\((?:[A-Z]\w*::)*[A-Z]\w*(?:{_FAULT}|Error)\w*\)$|.*\(unhandled exception\)$|.*: :[a-z_]+$"
)
_VERDICT: Final = make_pattern(
    r"(?:[^\s:\[][^\s:]{0,120}(?: \([^()]{1,40}\))?:\s?|\[[^\]]{1,40}\]:?\s?){0,5}(?:\*\*\* )?[\[<(]?(?:[Ff]atal(?: [Ee]rror)?|FATAL(?: ERROR)?|[Ee]rror|ERROR|CRITICAL|SEVERE|PANIC|Parse error|ParseError|[A-Z][a-z]+ Error)"
    r"(?:\[?[\[( ]?[A-Z]{0,4}\d{1,6}(?: ?\(\w+\))?[\])]?)?(?:[\]>): ]|$)"
    r"|[Ll]ine \d+(?:,? col(?:umn)? \d+)?(?: ?[-:]) (?:[Ee]rror|ERROR): |\d+:\d+ +error |\S+:\d+:(?:\d+:)? \[?[A-Z]{1,5}\d{1,5}\]?[ :]|[A-Z]{1,5}\d{3,5}[ :]|[✖✗✘✕×✘] |\[error\]|\S+[:(]\d+[:,)](?:\d+[):])? *error|fatal: |error: |\(error\b|.*\bERROR\b:? |Would reformat|\[warn\] \S+$"
    r"|CMake Error|! [A-Z][^!]*\.$|.*\*\*\* (?:No rule|.*missing|.*separator)|CONFLICT |(?:[A-Za-z][\w-]{0,20} ){1,3}error ?: |.* at \S+ line \d+\.?,?(?: <\w+> line \d+\.)?$|<[^>]*>:\d+:|error=|\* What went wrong:|.{0,80}?\blevel\"?[=:] ?\"?(?:error|fatal|panic|critical)\b"
)
_DIAGNOSTIC: Final = make_pattern(r"[^\s:()]{1,200}+(?::\d+|\(\d+[,)])\S*+ (?!https?://)\S")
_SAYS: Final = make_pattern(r"[\w./@+()-]{1,60}(?: \([\w -]{1,20}\))?: (?:\S+: )*\S.*\s")
_SIGNS: Final = make_pattern(r"[^\w\s,]|[A-Z]{4}|[A-Z]{1,5}\d|[A-Z]\w*[a-z][A-Z]|\d \d|\A\d")
"""A line without any of these, and without a telling word, is plain."""
_LEVEL: Final = make_pattern(
    r"[Ll]ine \d+(?:,? col(?:umn)? \d+)?(?: ?[-:]) (?:[Ww]arning|WARNING|[Nn]ote|[Ii]nfo): |[^\n]{0,80}?\blevel\"?[=:] ?\"?(?:trace|debug|info|warn(?:ing)?|notice)\b|(?!\[warn\] \S+$)(?:[\w./\\()@,=+ -]{1,120}:(?:\d+:)*\s?|\[[\w .:-]{1,40}\] ?)?[\[<(]?(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|trace|debug|info|notice|warn(?:ing)?|note|remark|hint|help|"
    r"Info|Notice|Warning|Note|Hint|Help|Tip|Deprecated|npm (?:warn|notice|WARN)|HINT|DETAIL|CONTEXT|NOTE|STATEMENT|QUERY|LOCATION|WHERE)[\]>)]?(?:\[[\w:-]+\])?(?::|\s+[\w.]*:?|$)"
)
_REMARK: Final = make_pattern(
    r"(?:(?:npm )?(?:warn|notice)\b|for (?:more|further|full|help|lists?)|see |re-?run |run (?:with|`|'|\"|npm|cargo|go |git |the |--)|use (?:'|`|--|\"|-)|try |to (?:see|get|fix|view|learn|show|rerun|address|ignore|change|debug)"
    r"|learn more|visit |read more|did you mean|usage:|you (?:can|may|might|should|need)|if you|consider |check (?:the|that|your|if)|please (?:see|check|report|run|refer|visit|file|read)|get more help|type ['\"`][^'\"`]*['\"`] (?:for|to|at|in)\b"
    r"|is the server running|picked up |node\.js v|a complete log|the (?:full|complete) log|logs?(?: \w+)?(?: can be found| (?:is|are|written|saved))|full log|note that|hint:|or (?:use|run|try) |and the repository"
    r"|starting |started |running |finished |compiling |building |loading |checking |cleaning |removing |downloading |installing |collecting |processing |importing |reading |using |creating |writing |entering |leaving |collected |platform |rootdir:|configfile:|plugins:|cachedir:"
    r"|make(?:\[\d+\])?: (?:entering|leaving)|play recap|gathering facts|shutting down|exiting|stopping|closing|clean(?:ed|ing)? ?up|bye\b|goodbye|done\b|total time|finished at|final memory|real\s|user\s|sys\s"
    r"|(?:test suites|tests|snapshots|time|ran all|test files|duration|start at|errors):?\s|ran \d+ tests?|stop(?:ped)? \w+ing|deprecat|futurewarning|warnings\.warn|origin:|code:|errno:|syscall:|path:|info:|details?:|help:"
    r"|use of uninitialized|odd number of|argument \"[^\"]*\" isn't numeric|subroutine \w+ redefined|name \"[^\"]*\" used only once|background on this error|\[sql:|\[parameters:|(?:the )?following (?:warnings|tests)|one or more|this (?:error|warning|progress|usually|may)|it looks like|more info|docs?:|documentation|https?://\S+\Z|version |copyright)",
    re.IGNORECASE,
)
_SIGNAL: Final = make_pattern(r"\bsignal \d|\bSIG[A-Z]{3,}\b")
_WARNS_AT_END: Final = make_pattern(r"\((?:warning|info|note|hint)\)\Z", re.IGNORECASE)
_FAREWELL: Final = make_pattern(
    r"(?:\[\d+\] )?\[?(?:ERROR|CRITICAL|FATAL)\]?:? (?:shutting down|exiting|stopping|closing|cleaning up)\b", re.IGNORECASE
)
"""Also matches with the level of an error."""
_GOOD_NEWS: Final = make_pattern(
    r"(?:.*[^\w])?no (?:\w+ )?(?:errors?|leaks?|problems?|issues?|warnings?|failures?|vulnerabilities)\b(?! (?:message|code|output|handler))",
    re.IGNORECASE,
)
_FACTS: Final = make_pattern(
    r"[0-9A-F]{8,}:error:|\S+\(\S+\.[a-z]{1,5}:\d+\)$|\S{1,40} v?\d+\.\d+\S*$|v?\d+\.\d+[\w.]*$|\((?!error\b)[^()]*\)$|\[[^\]]*\]$|\w+: .*,$"
    r"|/\*.*\*/;?$|ok \d+ |PASS\b|test \S+ \.\.\. ok|[#-] .*|\d+%",
)
# Each alternative begins with a character, so that one pass finds all; with `.*` before each, each would take a pass.
_FACTS_WITHIN: Final = make_pattern(
    r"d(?<!\wd)eprecat\w|D(?<!\wD)eprecation|W(?<=\wW)arning:|c(?<!\wc)an be found (?:in|at)|f(?<!\wf)or (?:more|further) (?:information|details|help)"
    r"|l(?<!\wl)ogs?(?: file)?(?: is| at| in|:) \S*/|https?://\S+[.)]?$|o(?<!\wo)k=\d+ |[✓✔] |%(?<=\d%) "
)
_FAILED_NOTE: Final = make_pattern(r"# +[Ff]ailed [a-z]")
"""As test runners that speak TAP comment on a test."""
_LEVELLED: Final = make_pattern(r"\[(?:error|ERROR)\] +")
_ERROR_FIRST: Final = make_pattern(r"\[?(?:ERROR|FATAL|[Ee]rror|[Ff]atal)\b\]?:? ")
_MAY_SUM_UP: Final = make_pattern(
    r"[Ff]ail|FAIL|[Ee]rror|ERROR|problem|warning|pass|skipped|fixable|violation|issue|\*\*\* \[|returned|found \d|occurred|Java V|compil|code|status"
    r"|oops|uh-?oh|whoops|sorry|ent wrong|halted|recoverable|Exiting|some files|due to|[Aa]bort|BEGIN|SUMMARY|: +\d+ (?:Seg|Kill|Bus|Ill|Flo|Term)|Execution|errno|syscall|path|signal|command|workspace"
    r"|location|cwd|dest|ifecycle|IFECYCLE|Oh no|All done|rated|stop\.|ABORTED|ANCELL?ED|Stop\.|Test|short test|Process|Done\.|Completed|Interrupted"
)
"""A line without any of these is no summary."""
_SUMMARY: Final = make_pattern(
    r"(?!.*\b(?:error:|status(?: code)?:?) [45]\d\d\b)(?:=+ )?(?:(?:[\w ]{1,20}: *)?[^\"':]{0,40}\b\d+ (?:tests? |checks? |scenarios? |files? |examples?,? |steps? )?(?:errors?|failed|failing|failures?|problems?|warnings?|passed|passing|skipped|fixable|violations?|issues?)\b[^:]*"
    r"|.*\*\*\* \[.*\] (?:Error -?\d+|[A-Z][a-z]+(?: [a-z]+)?)(?: \(.*\))?|.*\bld returned \d|found \d+ |error: (?:aborting due|could not compile|test failed|build failed|process|\d+ target|recipe).*|.*(?:an?|[Ff]atal) (?:\w+ )?(?:error|exception) (?:has )?occurred\b.*[^:]|.*[Cc]ould not create the Java Virtual Machine.*|.*could not compile .* due to"
    r"|.*(?:exit(?:ed|s)?|ended|terminated|returned|status|fail(?:ed|s)?)(?: \w+)? ?(?:with )?(?:an? )?(?:error )?(?:non-?zero )?(?:exit )?(?:code|status|error)s?:?(?: of)?(?: -?\d+[.!]?|$)(?: .*)?|.*non-?zero (?:exit|return) (?:code|status).*"
    r"|(?!\w+(?:Error|Exception): )(?:\S+ ){0,2}(?:has )?failed[.!]?(?: (?:in|after) [\d.]+ ?\w{1,7})?|(?:oops|uh-?oh|whoops|sorry)\b.*|.*[Ss]omething went wrong.*|BUILD FAIL.*|.*failed with \d+ \w+:|FAILURE: .*|Execution halted|compilation (?:terminated|failed).*|.*is not recoverable.*|.*Exiting with (?:failure|error).*|.*Child returned status.*|.*previous errors?.*|.*some files/attrs.*|[A-Z]+ SUMMARY:.*|\S+: line \d+: +\d+ (?:Segmentation fault|Killed|Aborted|Terminated|Bus error|Illegal instruction|Floating point exception)\b.*|rsync error: .*|.*aborting.*|.*BEGIN failed.*|.*[Aa]borted due to.*|.*\bdue to (?:\d+ )?(?:previous |these |the above )?errors?(?: (?:in|on|of|with) \w+)?[.!]?|.*\b(?:[Ss]ome|[Ss]everal|[Mm]ultiple) (?:errors?|problems?|warnings?) (?:were|have been|are) .*"
    r"|Execution of .* aborted.*|code [A-Z_0-9]+|(?:errno|syscall|path|signal|command|workspace|location|cwd|dest|command failed)(?![\w-]).*|Lifecycle script.*|.*ELIFECYCLE.*|.*subcommand failed.*|FAIL(?:ED)?(?:\s+\S+|\s+\S+ \d[\d.]*s| \(.*\)|:)?"
    r"|(?:! )?Emergency stop\.|(?:Finished|Result|Status|State|Conclusion|Outcome):? (?:FAIL(?:URE|ED)?|ABORTED|ERROR|CANCELL?ED|[Ff]ailed|[Ff]ailure|[Ee]rror)|Oh no!.*|All done.*|.*rated at.*|.*generated\.?|Failed|Error|error|ERROR|failed|Aborted?\.?|(?:\S+ ){1,2}[Aa]borted[.!]+|Stop\.|Command failed.*|Script failed.*|The (?:build|command|process|script|job) (?:has )?failed.*|Test Suites?: .*|Tests: .*|.*short test summary.*"
    r"|\[?Process (?:completed|exited).*|.*[Ff]ailed (?:tests?|scenarios?|tasks?|to execute):?|failures:|Failures:|Errors?:|Failing scenarios:|Done\. PASS.*|Completed with.*|Interrupted:.*|.*Interrupted: \d.*)"
)


def strip_stamps(line: str) -> str:
    """Remove timestamps, container names and the like from the beginning."""
    for _ in range(3):
        found = _STAMP.match(line)
        if found is None or found.end() == 0:
            break
        line = line[found.end() :]
    return line


def split_line(line: str) -> tuple[str, int, bool]:
    """(text without stamps, box frames and container names; its indent; whether a test runner marks it as the error)."""
    body = strip_stamps(line)
    text = body.strip().removesuffix("│").rstrip()
    indent = len(body) - len(body.lstrip())
    if text.startswith("+ Exception Group"):
        return text, indent + 2, False
    is_marked = body.startswith(("E   ", "npm ERR! ", "npm error "))
    found = _GROUP.match(body)
    if found is not None and found.end():
        text = body[found.end() :].strip()
        indent = len(body) - len(body[found.end() :].lstrip()) if body[indent] == "|" else 0
    return text, indent, is_marked


def kind_of(text: str, indent: int, *, is_marked: bool) -> Kind:
    """The kind of one line by itself. `text`: from split_line, at most LOOKED_AT characters."""
    words = WORDS.findall(text.lower())
    if not is_marked and words and TELLING.isdisjoint(words) and not _SIGNS.search(text):
        return Kind.REMARK if indent > 1 or _REMARK.match(text) or _LEVEL.match(text) else Kind.PLAIN
    if text[:1] == "#" and _FAILED_NOTE.match(text):
        return Kind.COMPLAINT
    is_frame = _FRAME.match(text) or (text[:1] == "[" and _is_levelled_frame(text))
    if is_frame or NO_WORDS.fullmatch(text) or (_EXCERPT.match(text) and not is_marked):
        return Kind.NOTHING
    if _COUNTS.fullmatch(text):
        return Kind.SUMMARY
    if _MAY_SUM_UP.search(text) and _SUMMARY.fullmatch(CROSS.sub("", text)):
        return Kind.SUMMARY
    if _LEVEL.match(text) or _REMARK.match(text) or _FAREWELL.match(text) or _WARNS_AT_END.search(text):
        return Kind.REMARK
    if _EXCEPTION.match(text) or _CLASS_AT_END.match(text):
        return kind_of_exception(text)
    if _FACTS.match(text) or OPTION.match(text) or _is_aside(text):
        return Kind.REMARK
    if _BANNER.fullmatch(text):
        return Kind.SAYING
    return Kind.VERDICT if _VERDICT.match(text) or is_marked else _lesser_kind_of(text, indent, words)


def _is_levelled_frame(text: str) -> bool:
    """Of a stack, or what announces one, behind a level in brackets."""
    level = _LEVELLED.match(text)
    return level is not None and _FRAME.match(text, level.end()) is not None


def _is_aside(text: str) -> bool:
    """Whether it tells where more is told, and no error in a sentence before that."""
    found = _FACTS_WITHIN.search(text)
    return found is not None and not (_ERROR_FIRST.match(text) and ". " in text[: found.start()])


def kind_of_exception(text: str) -> Kind:
    """The kind of a line that names an exception."""
    return Kind.WRAPPER if _WRAPS.search(text) else Kind.EXCEPTION


def _lesser_kind_of(text: str, indent: int, words: list[str]) -> Kind:
    """The kind of a line that nothing calls an error. An indented line tells less."""
    if _DIAGNOSTIC.match(text) and " " in text:
        return Kind.VERDICT if indent < 2 else Kind.COMPLAINT
    if not COMPLAINS.isdisjoint(words) or ("signal" in words and _SIGNAL.search(text)):
        if "no" in words and _GOOD_NEWS.match(text):
            return Kind.REMARK
        return Kind.COMPLAINT if indent < 2 else Kind.SAYING
    if _SAYS.match(text) and indent < 2:
        return Kind.SAYING
    return Kind.PLAIN if indent < 2 else Kind.REMARK
