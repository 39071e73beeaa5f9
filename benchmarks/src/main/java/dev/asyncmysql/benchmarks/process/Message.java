package dev.asyncmysql.benchmarks.process;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One line between two processes: a word, and values by name.
 *
 * @param word what it is about
 * @param values the values
 */
public record Message(String word, Map<String, String> values) {

	/**
	 * Return what a line says.
	 * @param line the line
	 * @return the word and the values
	 */
	public static Message parse(String line) {
		String[] parts = line.split(" ");
		Map<String, String> values = new TreeMap<>();
		for (int i = 1; i < parts.length; i++) {
			int end = parts[i].indexOf('=');
			values.put(parts[i].substring(0, end),
					URLDecoder.decode(parts[i].substring(end + 1), StandardCharsets.UTF_8));
		}
		return new Message(parts[0], values);
	}

	Message with(String name, String value) {
		Map<String, String> more = new TreeMap<>(this.values);
		more.put(name, value);
		return new Message(this.word, more);
	}

	String get(String name) {
		String value = this.values.get(name);
		if (value == null) {
			throw new IllegalArgumentException("'%s' has no %s".formatted(this.word, name));
		}
		return value;
	}

	int number(String name) {
		return Integer.parseInt(get(name));
	}

	@Override
	public String toString() {
		return this.word + this.values.entrySet()
			.stream()
			.map((value) -> " " + value.getKey() + "=" + URLEncoder.encode(value.getValue(), StandardCharsets.UTF_8))
			.collect(Collectors.joining());
	}

}
