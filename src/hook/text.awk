# Texts as bytes. All awks run with LC_ALL=C, so that mawk, gawk and busybox agree on what a character is: one byte.

# The code of each byte. (A function of BEGIN, because awk has no ord().)
function learn_bytes(   code) {
	for (code = 1; code < 256; code++) byte_code[sprintf("%c", code)] = code
	replacement = bytes("357 277 275")
	ellipsis = bytes("342 200 246")
}

# A text from octal codes: a byte written into the program itself may not survive every awk.
function bytes(codes,   list, count, i, j, code, text) {
	count = split(codes, list, " ")
	for (i = 1; i <= count; i++) {
		code = 0
		for (j = 1; j <= length(list[i]); j++) code = code * 8 + substr(list[i], j, 1)
		text = text sprintf("%c", code)
	}
	return text
}

function is_blank(text) {
	return text !~ /[^ \t\n\013\014\r]/
}

function trim(text) {
	sub(/^[ \t\n\013\014\r]+/, "", text)
	sub(/[ \t\n\013\014\r]+$/, "", text)
	return text
}

# Replaces by index(): neither text nor replacement is taken for a pattern, and any byte may be in them.
function replace_all(text, find, by,   at, out) {
	while ((at = index(text, find)) > 0) {
		out = out substr(text, 1, at - 1) by
		text = substr(text, at + length(find))
	}
	return out text
}

# Makes a text well-formed UTF-8, each ill-formed part replaced by U+FFFD as https://encoding.spec.whatwg.org/#utf-8-decoder does it, and counts
# its characters up to one more than the limit (0 is none): `characters` is the count, `head` the text less what is beyond limit - 1.
function decode(text, limit,   size, i, code, start, needed, lower, upper) {
	characters = 0
	decoded = chunk = head = ""
	size = length(text)
	if (text ~ /^[\001-\177]*$/) return decode_ascii(text, size, limit)
	for (i = 1; i <= size; i++) {
		code = byte_code[substr(text, i, 1)]
		if (needed) {
			if (code >= lower && code <= upper) {
				lower = 128; upper = 191
				if (--needed == 0) add_character(substr(text, start, i - start + 1), limit)
				if (limit && characters > limit) break
				continue
			}
			needed = 0
			add_character(replacement, limit)
		}
		start = i; lower = 128; upper = 191
		if (code < 128) add_character(substr(text, i, 1), limit)
		else if (code >= 194 && code <= 223) needed = 1
		else if (code >= 224 && code <= 239) { needed = 2; if (code == 224) lower = 160; if (code == 237) upper = 159 }
		else if (code >= 240 && code <= 244) { needed = 3; if (code == 240) lower = 144; if (code == 244) upper = 143 }
		else add_character(replacement, limit)
		if (limit && characters > limit) break
	}
	if (needed) add_character(replacement, limit)
	return decoded chunk
}

function decode_ascii(text, size, limit) {
	characters = size
	head = limit ? substr(text, 1, limit - 1) : text
	return text
}

# The chunk keeps the long text from being copied for each character.
function add_character(character, limit) {
	if (++characters == limit) head = decoded chunk
	chunk = chunk character
	if (length(chunk) > 500) { decoded = decoded chunk; chunk = "" }
}

# A text that the CI gave, made to fit: one that is too long is cut between two characters and ends in `…`.
function fit(text, limit) {
	text = decode(text, limit)
	return characters > limit ? head ellipsis : text
}

# A JSON string.
function json(text) {
	return "\"" escape(text, 1) "\""
}

# A text for one line of the log: nothing in it acts on a terminal, or opens a collapsible section of GitLab.
function visible(text) {
	text = escape(text, 0)
	text = replace_all(text, "section_start:", "section_start\\u003a")
	return replace_all(text, "section_end:", "section_end\\u003a")
}

# Control characters, and what turns the direction of text or splits lines, become escapes as in JSON; quotes and backslashes too, if asked.
function escape(text, with_quotes,   size, i, character, code, out, part) {
	if (text ~ /^[] !#-[^-~]*$/) return text
	size = length(text)
	for (i = 1; i <= size; i++) {
		character = substr(text, i, 1)
		code = byte_code[character]
		if (with_quotes && (character == "\"" || character == "\\")) part = part "\\" character
		else if (code == 10) part = part "\\n"
		else if (code == 13) part = part "\\r"
		else if (code == 9) part = part "\\t"
		else if (code < 32 || code == 127) part = part sprintf("\\u%04x", code)
		else if (code >= 194 && (code = unsafe_character(text, i, code))) {
			part = part sprintf("\\u%04x", code)
			i += code < 2048 ? 1 : 2
		} else part = part character
		if (length(part) > 500) { out = out part; part = "" }
	}
	return out part
}

# The code of the character at i where a log must not see it as it is (C1 controls, separators, direction marks), else 0.
function unsafe_character(text, i, first,   code) {
	if (first < 224) {
		if (first != 194 && first != 216) return 0
		code = (first - 192) * 64 + byte_code[substr(text, i + 1, 1)] - 128
		return code < 160 || code == 1564 ? code : 0
	}
	if (first != 226 && first != 239) return 0
	code = (first - 224) * 4096 + (byte_code[substr(text, i + 1, 1)] - 128) * 64 + byte_code[substr(text, i + 2, 1)] - 128
	if (code == 8206 || code == 8207 || code >= 8232 && code <= 8238 || code >= 8294 && code <= 8297 || code == 65279) return code
	return 0
}

# Every character that the pattern does not match becomes %XX.
function percent_encode(text, kept,   i, character, out) {
	for (i = 1; i <= length(text); i++) {
		character = substr(text, i, 1)
		out = out (character ~ kept ? character : sprintf("%%%02X", byte_code[character]))
	}
	return out
}
