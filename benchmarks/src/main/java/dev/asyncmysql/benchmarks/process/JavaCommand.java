package dev.asyncmysql.benchmarks.process;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Starts this Java once more, with a part of this class path. With all of it, Boot would
 * wire what other systems need, and two drivers would claim one name.
 */
final class JavaCommand {

	private static final List<String> CLASS_PATH = List
		.of(System.getProperty("java.class.path").split(File.pathSeparator));

	private JavaCommand() {
	}

	static List<String> of(Set<Library> libraries, List<String> jvmOptions, Class<?> main, String... args) {
		List<String> command = java(jvmOptions);
		command.addAll(List.of("-cp", String.join(File.pathSeparator, filter(CLASS_PATH, libraries)), main.getName()));
		command.addAll(List.of(args));
		return command;
	}

	static List<String> ofJar(Path jar, List<String> jvmOptions, List<String> args) {
		List<String> command = java(jvmOptions);
		command.addAll(List.of("-jar", jar.toString()));
		command.addAll(args);
		return command;
	}

	static List<String> filter(List<String> classPath, Set<Library> libraries) {
		return classPath.stream().filter((file) -> Library.of(file).stream().allMatch(libraries::contains)).toList();
	}

	private static List<String> java(List<String> jvmOptions) {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(jvmOptions);
		return command;
	}

}
