#: parent not resolvable offline
#: program maven
#: must (Cannot access|could not be resolved|Unresolveable|Non-resolvable|has not been downloaded)
cat > pom.xml <<'E'
<project><modelVersion>4.0.0</modelVersion><groupId>com.acme</groupId><artifactId>@w@</artifactId><version>1</version>
<dependencies><dependency><groupId>com.acme</groupId><artifactId>@v@-api</artifactId><version>@m@</version></dependency></dependencies></project>
E
mvn -o -B compile
#: no pom
#: program maven
#: must there is no POM in this directory
mvn -o -B package
#: broken pom
#: program maven
#: must (Non-parseable POM|Malformed POM|Unrecognised tag)
printf '<project><modelVersion>4.0.0</modelVersion><groupId>a</groupId><artifactId>@w@</artifactId><version>1</version><dependecies></project>' > pom.xml
mvn -o -B validate
#: unknown phase
#: program maven
#: must Unknown lifecycle phase "?@w@
printf '<project><modelVersion>4.0.0</modelVersion><groupId>a</groupId><artifactId>@w@</artifactId><version>1</version></project>' > pom.xml
mvn -o -B @w@
#: missing version
#: program maven
#: must ('dependencies.dependency.version' for com.acme:@v@:jar is missing|version.* is missing)
cat > pom.xml <<'E'
<project><modelVersion>4.0.0</modelVersion><groupId>com.acme</groupId><artifactId>@w@</artifactId><version>1</version>
<dependencies><dependency><groupId>com.acme</groupId><artifactId>@v@</artifactId></dependency></dependencies></project>
E
mvn -o -B compile
