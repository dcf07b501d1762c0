# Reads JSON line by line (a string never spans lines) and calls on_value(path, value) for each text, number, true, false and null: a text as it is
# written, for plain(); the path of an id within a list is `data.0.id`. What is no JSON gives no value, or a few that nobody asks for, and whatever
# the server sends is read in a time that grows with its length alone, although busybox counts the length of a text anew for each substr() and length().
function read_json_line(line,   parts, count, i) {
	if (body_lines == 1 && line !~ /^[ \t]*([[{]|$)/) is_no_json = 1
	if (is_no_json) return
	count = split(line, parts, "\"")
	for (i = 1; i <= count && !is_no_json; i++) {
		if (!in_string) read_structure(parts[i])
		else if (is_open(parts[i])) { hold(parts[i] "\""); continue }
		else read_string(string held parts[i])
		# Each quote between two parts begins or ends a string.
		if (i < count) { in_string = !in_string; string = held = is_long = "" }
	}
}

# A string with quotes in it comes in parts. Two texts, so that the long one is not copied for each part; longer than any that is asked for is enough.
function hold(part) {
	if (is_long) return
	held = held part
	if (length(held) > 500) { string = string held; held = ""; is_long = length(string) > 50000 }
}

# Whether the quote behind this part is escaped: an odd number of backslashes is before it.
function is_open(part,   tail, size) {
	tail = length(part) > 200 ? substr(part, length(part) - 199) : part
	size = length(tail)
	while (size > 0 && substr(tail, size, 1) == "\\") size--
	if (size == 0 && length(part) > 200) is_no_json = 1
	return (length(tail) - size) % 2
}

function read_structure(text,   i, character) {
	if (length(text) > 500 || depth > 20) is_no_json = 1
	if (is_no_json) return
	for (i = 1; i <= length(text); i++) {
		character = substr(text, i, 1)
		if (character ~ /[-+.0-9A-Za-z]/) { if (length(word) < 400) word = word character; continue }
		end_word()
		if (character == "{" || character == "[") {
			depth++
			is_list[depth] = character == "["
			key[depth] = is_list[depth] ? 0 : ""
			is_key = !is_list[depth]
		} else if (character == "}" || character == "]") {
			if (depth > 0) depth--
		} else if (character == ",") {
			if (is_list[depth]) key[depth]++
			else is_key = 1
		} else if (character == ":") is_key = 0
	}
}

function end_word() {
	if (word != "") on_value(current_path(), word)
	word = ""
}

function read_string(text) {
	if (is_key && !is_list[depth]) key[depth] = substr(text, 1, 200)
	else on_value(current_path(), substr(text, 1, 50000))
}

function current_path(   i, text) {
	for (i = 1; i <= depth; i++) text = text (i == 1 ? "" : ".") key[i]
	return text
}

# A JSON string without its escapes. Slow for long texts.
function plain(text,   at, out, character, code) {
	while ((at = index(text, "\\")) > 0) {
		out = out substr(text, 1, at - 1)
		character = substr(text, at + 1, 1)
		text = substr(text, at + 2)
		if (character == "n") out = out "\n"
		else if (character == "r") out = out "\r"
		else if (character == "t") out = out "\t"
		else if (character == "b" || character == "f") out = out " "
		else if (character != "u") out = out character
		else {
			code = hexadecimal(substr(text, 1, 4))
			text = substr(text, 5)
			if (code >= 55296 && code < 56320 && text ~ /^\\u[dD][c-fC-F]/) {
				code = 65536 + (code - 55296) * 1024 + hexadecimal(substr(text, 3, 4)) - 56320
				text = substr(text, 7)
			}
			out = out utf8(code)
		}
	}
	return out text
}

function hexadecimal(digits,   i, code) {
	for (i = 1; i <= length(digits); i++) code = code * 16 + index("123456789abcdef", tolower(substr(digits, i, 1)))
	return code + 0
}

function utf8(code) {
	if (code == 0) return replacement
	if (code < 128) return sprintf("%c", code)
	if (code < 2048) return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64)
	if (code >= 55296 && code < 57344) return replacement
	if (code < 65536) return sprintf("%c%c%c", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
	return sprintf("%c%c%c%c", 240 + int(code / 262144), 128 + int(code / 4096) % 64, 128 + int(code / 64) % 64, 128 + code % 64)
}
