package dev.asyncmysql.sample.deposit;

import java.util.Map;

import reactor.core.publisher.Flux;

import org.springframework.core.ResolvableType;
import org.springframework.core.codec.StringDecoder;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;

/**
 * Divides an upload into lines of UTF-8. Spring's decoder releases a buffer twice where a
 * line is too long, and may where reading stops amid a buffer. So the decoder gets copies
 * on the heap, which are not counted, and each buffer of the network is released here.
 */
final class Lines {

	private static final StringDecoder DECODER = StringDecoder.allMimeTypes();

	private static final ResolvableType LINE = ResolvableType.forClass(String.class);

	private Lines() {
	}

	static Flux<String> of(Flux<DataBuffer> body) {
		return DECODER.decode(body.map(Lines::copy), LINE, null, Map.of());
	}

	private static DataBuffer copy(DataBuffer buffer) {
		byte[] bytes = new byte[buffer.readableByteCount()];
		buffer.read(bytes);
		DataBufferUtils.release(buffer);
		return DefaultDataBufferFactory.sharedInstance.wrap(bytes);
	}

}
