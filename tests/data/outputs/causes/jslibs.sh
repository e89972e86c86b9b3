#: unresolved import
#: program rollup
#: must Could not resolve "\./@w@\.js"
printf 'import {x} from "./@w@.js";\nconsole.log(x);\n' > main.js
rollup main.js --file out.js
#: syntax
#: program rollup
#: must (Expected|Unexpected|Expression expected|RollupError|Parse)
printf 'export const @w@ = {;\n' > main.js
rollup main.js --file out.js
#: missing export
#: program rollup
#: must "@w@" is not exported by
printf 'export const a = 1;\n' > b.js; printf 'import {@w@} from "./b.js";\nconsole.log(@w@);\n' > main.js
rollup main.js --file out.js
#: unresolved import
#: program vite
#: must (Could not resolve|failed to resolve import|UNRESOLVED).*@w@
printf '<script type="module" src="/main.js"></script>' > index.html; printf 'import x from "./@w@.js"; console.log(x)\n' > main.js
vite build
#: no entry
#: program vite
#: must (Could not resolve entry module|cannot resolve entry|index\.html)
vite build
#: no config
#: program knex
#: must (No configuration file found|knexfile)
knex migrate:latest
#: driver missing
#: program knex
#: must (Cannot find module 'mysql'|Run\s+npm install mysql)
printf 'module.exports={client:"mysql",connection:{host:"@w@"}}\n' > knexfile.js
knex migrate:latest
#: no such script
#: program yarn
#: must Command "@w@" not found
printf '{"name":"x","version":"1.0.0","scripts":{}}' > package.json
yarn run @w@
#: script fails
#: program yarn
#: must @w@ is not ready
printf '{"name":"x","version":"1.0.0","scripts":{"@v@":"echo \\"Error: @w@ is not ready\\" >&2; exit @m@"}}' > package.json
yarn run @v@
#: broken package.json
#: program yarn
#: must (Unexpected|JSON|package\.json)
printf '{"name":"x",' > package.json
yarn install --offline
#: no script
#: program pnpm
#: must (Missing script: @w@|ERR_PNPM_NO_SCRIPT)
printf '{"name":"x","version":"1.0.0","scripts":{}}' > package.json
pnpm run @w@
#: script fails
#: program pnpm
#: must @w@ is not ready
printf '{"name":"x","version":"1.0.0","scripts":{"@v@":"echo \\"Error: @w@ is not ready\\" >&2; exit @m@"}}' > package.json
pnpm run @v@
#: frozen lockfile
#: program pnpm
#: must (ERR_PNPM_NO_LOCKFILE|lockfile)
printf '{"name":"x","version":"1.0.0","dependencies":{"@p@":"1.0.0"}}' > package.json
CI=1 pnpm install --frozen-lockfile --offline
#: syntax
#: program sass
#: must (Undefined variable|Error: )
printf '.@w@ { color: $@v@; }\n' > a.scss
sass a.scss out.css
#: missing import
#: program sass
#: must Can't find stylesheet to import
printf '@@use "@w@";\n' | sed 's/@@/@/' > a.scss
sass a.scss out.css
#: unclosed
#: program sass
#: must (expected "}"|expected)
printf '.@w@ { color: red;\n' > a.scss
sass a.scss out.css
#: invalid hex
#: program stylelint
#: must (color-no-invalid-hex|hex color|Unexpected invalid)
printf '{"rules":{"color-no-invalid-hex":true}}' > .stylelintrc.json; printf 'a { color: #12; }\n' > @w@.css
stylelint @w@.css
#: no config
#: program stylelint
#: must No configuration provided
printf 'a { color: #12; }\n' > @w@.css
stylelint @w@.css
#: throws
#: program tsx
#: must (TypeError|Cannot read properties of undefined)
printf 'const x: any = {};\nconsole.log(x.@w@.@v@);\n' > a.ts
tsx a.ts
#: syntax
#: program tsx
#: must (Unexpected|Expected)
printf 'const @w@: number = ;\n' > a.ts
tsx a.ts
#: missing module
#: program tsx
#: must Cannot find (module|package) '@p@-x'
printf 'import x from "@p@-x";\nconsole.log(x);\n' > a.ts
tsx a.ts
