#: exception
#: must RuntimeException: @w@ table missing|@w@ table missing
printf '<?php\nfunction load() {\n  throw new RuntimeException("@w@ table missing");\n}\nload();\n' > a.php; php -d display_errors=stderr a.php
#: undefined function
#: must Call to undefined function @w@_@v@
printf '<?php\necho "start\\n";\n@w@_@v@(@n@);\n' > a.php; php a.php
#: parse error
#: must (Parse error|ParseError|syntax error)
printf '<?php\n$@w@ = [1, 2;\n' > a.php; php a.php
#: warning then type error
#: must (TypeError|Unsupported operand types)
printf '<?php\n$x = @n@;\necho $y@w@;\necho [] + $x;\n' > a.php; php -d display_errors=stderr a.php
#: no such file
#: must (Could not open input file|No such file).*@w@
php @w@.php
#: previous
#: must (could not post @w@|no @v@)
printf '<?php\ntry { throw new LogicException("no @v@"); } catch (Exception $e) { throw new Exception("could not post @w@", 3, $e); }\n' > a.php; php a.php
