/** A text that breaks code which pastes it into shell, YAML, regular expressions or JSON. It ends with spaces. */
export const hostileText = [
	`'single' "double" \`id\` $(id) \${ { $`,
	'\\ \\\\ \\n \\0 \\1 \\k<x> C:\\temp',
	'* ** [a-z] ? ~ ! # %s %% 100%',
	'key: value, - item, ? x, & anchor, *alias, | > @ {{ handlebars }} {% liquid %} $[[ nothing ]]',
	'!reference [.x, script]',
	'🚀 é \u{202E} \u{1F468}\u{200D}\u{1F469}',
	'-- --help -n',
	'\ttabs\tand trailing spaces   ',
].join('\n');
