#: raise with cause
#: program ruby
#: must (could not load @w@|no @v@)
printf 'begin\n  raise "no @v@"\nrescue => e\n  raise ArgumentError, "could not load @w@"\nend\n' > a.rb
ruby a.rb
#: no file to load
#: program ruby
#: must cannot load such file -- @w@
printf 'require "@w@"\n' > a.rb
ruby a.rb
#: minitest
#: program minitest
#: must (Expected: |@w@_adds_up)
printf 'require "minitest/autorun"\nclass T < Minitest::Test\n  def test_@w@_adds_up; assert_equal 1, @n@; end\n  def test_b; assert true; end\nend\n' > a.rb
ruby a.rb
#: type error
#: program php
#: must (must be of type int|TypeError)
printf '<?php\nfunction @w@(int $a) { return $a; }\n@w@("x");\n' > a.php
php a.php
#: exception with previous
#: program php
#: must (could not load @w@|no @v@)
printf '<?php\ntry { throw new LogicException("no @v@"); } catch (Exception $e) { throw new RuntimeException("could not load @w@", 0, $e); }\n' > a.php
php a.php
#: parse
#: program php
#: must syntax error, unexpected
printf '<?php\n$@w@ = (1 + ;\n' > a.php
php a.php
#: file
#: program php
#: must (Failed opening required|Failed to open stream).*@w@
printf '<?php\nrequire "@w@.php";\n' > a.php
php a.php
#: index
#: program go
#: must index out of range \[@n@\]
printf 'package main\nimport "os"\nfunc main() { x := []int{len(os.Args)}; i := @n@; println(x[i]) }\n' > a.go
go run a.go
#: no module
#: program go
#: must (no required module provides package example.com/@w@|cannot find module)
printf 'module x\ngo 1.18\n' > go.mod; printf 'package main\nimport "example.com/@w@"\nfunc main() { @w@.Run() }\n' > a.go
GOFLAGS= go build .
#: no project
#: program meson
#: must (Neither .*|.*meson\.build|could not find|No such)
meson setup build
#: unknown function
#: program meson
#: must Unknown function "@w@"
printf 'project("x")\n@w@(1)\n' | tr '"' "'" > meson.build
meson setup build
#: missing dependency
#: program meson
#: must Dependency "?@w@"? not found
printf 'project("x", "c")\ndependency("@w@-lib")\n' | tr '"' "'" | sed "s/-lib//" > meson.build
meson setup build
#: missing source
#: program scons
#: must (Source .@w@\.c. not found|@w@\.c)
printf 'Program("a", "@w@.c")\n' > SConstruct
scons -Q
#: compile fails
#: program scons
#: must (@v@_total.*undeclared)
printf 'Object("a.c")\n' > SConstruct;  printf 'int f(void){return @v@_total;}\n' > a.c
scons -Q
#: unknown keyword
#: program haproxy
#: must unknown keyword '@w@'
printf 'global\n  @w@ on\n' > h.cfg
/usr/sbin/haproxy -c -f h.cfg
#: no backend
#: program haproxy
#: must unable to find required default_backend: '@w@'
printf 'defaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\nfrontend f\n  bind 127.0.0.1:8199\n  default_backend @w@\n' > h.cfg
/usr/sbin/haproxy -c -f h.cfg
#: undeclared token
#: program bison
#: must symbol .@w@. is used, but is not defined
printf '%%%%\nstart: @w@ ;\n%%%%\n' > a.y
bison a.y
#: bad pattern
#: program flex
#: must (unrecognized rule|bad character|missing quote)
printf '%%%%\n"@w@ return 1;\n%%%%\n' > a.l
flex a.l
#: no image
#: program imagemagick
#: must (unable to open image|@w@\.png|improper image header|no decode)
printf 'xx' > @w@.png; /usr/bin/identify-im6.q16 @w@.png
#: syntax
#: program dot
#: must syntax error in line
printf 'digraph { @w@ -> ; @v@ }\n' > a.dot
dot -Tsvg a.dot -o a.svg
#: unknown type
#: program dot
#: must (Format: "@w@" not recognized|not recognized)
printf 'digraph { a -> b }\n' > a.dot
dot -T@w@ a.dot
#: proc with wrong args
#: program tclsh
#: must wrong # args: should be "@w@ a b"
printf 'proc @w@ {a b} { return 1 }\n@w@ 1\n' > a.tcl
tclsh a.tcl
#: rule
#: program eslint
#: must ('@w@' is (not defined|assigned a value but never used))
printf 'module.exports=[{rules:{"no-undef":"error","no-unused-vars":"error"}}];' > eslint.config.js; printf 'const @w@ = 1;\n' > a.js
eslint a.js
#: no config
#: program eslint
#: must (eslint\.config|No files matching the pattern)
eslint a.js
#: throws in a test
#: program jest
#: must (@w@ is stale|loads the @w@)
printf '{"name":"x"}' > package.json; printf 'test("loads the @w@", () => { throw new Error("@w@ is stale"); });\ntest("b", () => {});\n' > a.test.js
jest
#: several suites
#: program jest
#: must (Cannot find module '\./@w@'|expect\(received\))
printf '{"name":"x"}' > package.json; printf 'const a = require("./@w@");\ntest("b", () => {});\n' > a.test.js;  printf 'test("b", () => {});\n' > b.test.js
jest --verbose
#: assertion
#: program mocha
#: must (Expected values to be strictly equal|@w@ adds up)
mkdir test; printf 'const a=require("assert"); describe("@v@", () => { it("@w@ adds up", () => a.strictEqual(@n@, 1)); it("b", () => {}); });\n' > test/a.js
mocha
#: hook
#: program mocha
#: must (before all|@w@ is away)
mkdir test; printf 'describe("@v@", () => { before(() => { throw new Error("@w@ is away"); }); it("b", () => {}); });\n' > test/a.js
mocha
#: json
#: program jq
#: must (parse error|Cannot index|Cannot iterate)
printf '{"a": [1, }' | jq '.@w@'
#: index
#: program jq
#: must Cannot index (number|string) with
printf '{"a": 1}' | jq '.a.@w@'

