#: tags that do not match
#: program xmllint
#: must (Opening and ending tag mismatch|tag mismatch: @w@)
printf '<a>\n<@w@>x</a>\n' > a.xml
xmllint --noout a.xml
#: no file
#: program xmllint
#: must (failed to load external entity|warning|@w@\.xml)
xmllint --noout @w@.xml
#: schema
#: program xmllint
#: must (Element '@v@'.*not expected|This element is not expected)
cat > a.xsd <<'E'
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="a"><xs:complexType><xs:sequence><xs:element name="@w@" type="xs:int"/></xs:sequence></xs:complexType></xs:element></xs:schema>
E
printf '<a><@v@>1</@v@></a>\n' > a.xml
xmllint --noout --schema a.xsd a.xml
#: stylesheet
#: program xsltproc
#: must (@w@|Unregistered function|compilation error)
cat > a.xsl <<'E'
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><xsl:value-of select="@w@(1)"/></xsl:template></xsl:stylesheet>
E
printf '<a/>' > a.xml; xsltproc a.xsl a.xml
#: unquoted
#: program shellcheck
#: must (SC\d+|Double quote|Couldn't parse|expected)
printf '#!/bin/sh\nif [ $@w@ = 1 ]; then\n  echo $@v@\n' > a.sh
shellcheck a.sh
#: fatal
#: program gawk
#: must (cannot open file [`']/nonexistent/@w@'|No such file)
gawk '{print}' /nonexistent/@w@
#: division
#: program gawk
#: must division by zero
gawk 'BEGIN { x = @n@ / 0; print x }'
#: unknown format
#: program pandoc
#: must Unknown (input|output) format @w@
echo hi | pandoc -f markdown -t @w@
#: no file
#: program pandoc
#: must @w@\.md: (withBinaryFile|openBinaryFile|openFile): does not exist
pandoc @w@.md -o a.html
#: broken yaml
#: program pandoc
#: must (YAML|parse|mapping values are not allowed)
printf -- '---\na: b: @w@\n---\nx\n' > a.md; pandoc a.md -o a.html
#: config
#: program nginx
#: must unknown directive "@w@"
mkdir -p logs; printf 'events {}\nhttp {\n  server {\n    @w@ on;\n  }\n}\n' > nginx.conf
/usr/sbin/nginx -t -p . -c nginx.conf
#: missing file
#: program nginx
#: must open\(\) ".*@w@\.conf" failed
/usr/sbin/nginx -t -p . -c @w@.conf
#: object missing
#: program Rscript
#: must object '@w@_total' not found
printf 'run <- function(x) x + @w@_total\nprint(run(1))\n' > a.R
Rscript a.R
#: stop
#: program Rscript
#: must @w@ table is missing
printf 'load <- function() stop("@w@ table is missing")\nsuppressWarnings(as.integer("x"))\nload()\n' > a.R
Rscript a.R
#: no package
#: program Rscript
#: must there is no package called .@w@pkg
printf 'library(@w@pkg)\n' > a.R
Rscript a.R
#: file
#: program Rscript
#: must (cannot open (the connection|file)|@w@\.csv)
printf 'x <- read.csv("@w@.csv")\n' > a.R
Rscript a.R
#: parse
#: program Rscript
#: must unexpected
printf 'x <- (1 + \n@w@ <- }\n' > a.R
Rscript a.R
#: type error
#: program ghc
#: must (Couldn't match|No instance for|Couldn.t match)
printf 'main :: IO ()\nmain = putStrLn (@n@ + True)\n' > a.hs
ghc a.hs
#: scope
#: program ghc
#: must Variable not in scope: @w@Total
printf 'main :: IO ()\nmain = print @w@Total\n' > a.hs
ghc a.hs
#: runtime
#: program ghc
#: must (@w@ is empty|Prelude.head|CallStack)
#: not ^CallStack
printf 'main :: IO ()\nmain = error "@w@ is empty"\n' > a.hs
runghc a.hs
