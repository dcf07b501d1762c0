/** The few pieces of ASN.1's DER (ITU-T X.690) that a certificate is made of. */
export function derSequence(...parts: readonly Uint8Array[]): Buffer {
	return derValue(0x30, ...parts);
}

export function derSet(...parts: readonly Uint8Array[]): Buffer {
	return derValue(0x31, ...parts);
}

/** A value with the given tag: its length, then its contents. */
export function derValue(tag: number, ...parts: readonly Uint8Array[]): Buffer {
	const contents = Buffer.concat(parts);
	if (contents.length < 0x80) return Buffer.concat([Buffer.of(tag, contents.length), contents]);
	const length = Buffer.from(contents.length.toString(16).padStart(4, '0'), 'hex');
	return Buffer.concat([Buffer.of(tag, 0x80 + length.length), length, contents]);
}

export function derText(text: string): Buffer {
	return derValue(0x0c, Buffer.from(text));
}

/** A UTCTime, whose form is `260101000000Z`: what RFC 5280 asks for up to 2049. */
export function derTime(time: Date): Buffer {
	return derValue(
		0x17,
		Buffer.from(
			time
				.toISOString()
				.slice(2)
				.replace(/[-:T]|\.\d+/g, ''),
		),
	);
}

/** An object identifier such as `2.5.29.17`. */
export function derObjectId(dotted: string): Buffer {
	const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
	return derValue(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(number: number): number[] {
	const digits = [number % 128];
	for (let left = Math.floor(number / 128); left > 0; left = Math.floor(left / 128)) {
		digits.unshift(0x80 + (left % 128));
	}
	return digits;
}
