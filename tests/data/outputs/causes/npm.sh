#: missing script
#: must Missing script: "@w@"
echo '{"name":"app","version":"1.0.@n@"}' > package.json; npm run @w@
#: script fails
#: must @w@ not ready
echo '{"name":"app","version":"1.0.@n@","scripts":{"build":"echo building @v@; echo \"Error: @w@ not ready\" >&2; exit 4"}}' > package.json; npm run build
#: no package.json
#: must (Could not read package.json|ENOENT).*|package.json
npm test
#: script throws
#: must Error: @w@ of @n@
echo '{"name":"app","version":"1.0.0","scripts":{"test":"node t.js"}}' > package.json; echo "throw new Error('@w@ of @n@')" > t.js; npm test
#: bad json
#: must (JSON.parse|EJSONPARSE|Invalid package.json|Unexpected token|Expected)
echo '{"name":"app", @w@}' > package.json; npm run build
#: version that is not there
#: must No matching version found for @p@@@n@\.0\.0
echo '{"name":"app","version":"1.0.0"}' > package.json; npm install @p@@@n@.0.0
#: peer conflict
#: must unable to resolve dependency tree|Could not resolve dependency|Conflicting peer
echo '{"name":"app","version":"1.0.0","dependencies":{"react":"17.0.2","react-dom":"18.@m@.0"}}' > package.json; sed -i 's/18\.[0-9]*\.0/18.2.0/' package.json; npm install
#: npm ci without a lock
#: must can only install (packages )?(with|when) an? existing package-lock|package-lock.json
echo '{"name":"@w@","version":"1.0.0"}' > package.json; npm ci
