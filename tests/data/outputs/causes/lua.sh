#: error
#: must @w@ table missing
printf 'local function load()\n  error("@w@ table missing")\nend\nload()\n' > a.lua; lua5.4 a.lua
#: nil
#: must attempt to (index|call|perform arithmetic on)
printf 'local t = {}\nprint(t.@w@.@v@)\n' > a.lua; lua5.4 a.lua
#: syntax
#: must (expected|near)
printf 'local @w@ = {1, 2\nprint(@n@)\n' > a.lua; lua5.4 a.lua
#: module
#: must module '@w@' not found
printf 'local m = require("@w@")\n' > a.lua; lua5.4 a.lua
#: no script
#: must cannot open @w@\.lua
lua5.4 @w@.lua
