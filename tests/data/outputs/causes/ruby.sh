#: raised
#: must @w@ table missing
printf 'def load\n  raise "@w@ table missing"\nend\nload\n' > a.rb; ruby a.rb
#: no method
#: must undefined method .@w@.
printf 'def go(x)\n  x.@w@\nend\ngo(nil)\n' > a.rb; ruby a.rb
#: cause
#: must (could not post @w@|no @v@)
printf 'begin\n  raise KeyError, "no @v@"\nrescue\n  raise ArgumentError, "could not post @w@"\nend\n' > a.rb; ruby a.rb
#: syntax
#: must syntax error|unexpected
printf 'def @w@\n  [1, 2\nend\n' > a.rb; ruby a.rb
#: file is missing
#: must No such file or directory.*@w@\.csv
printf 'File.open("@w@.csv")\n' > a.rb; ruby -W a.rb
#: gem is missing
#: must cannot load such file -- @w@-@v@
printf 'require "@w@-@v@"\n' > a.rb; ruby a.rb
#: abort
#: must no @w@ for @n@
ruby -e 'puts "start"; abort "no @w@ for @n@"'
