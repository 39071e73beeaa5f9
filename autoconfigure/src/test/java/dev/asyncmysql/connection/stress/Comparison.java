package dev.asyncmysql.connection.stress;

import java.lang.reflect.Method;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * Writes down how each test ended on each wiring, for a table at the end of the run where
 * Boot's plain wiring was asked for. What fails on that one fails no build.
 */
class Comparison implements InvocationInterceptor {

	private static final Log logger = LogFactory.getLog(Comparison.class);

	private static final int LONGEST_REASON = 160;

	@Override
	public void interceptTestTemplateMethod(Invocation<@Nullable Void> invocation,
			ReflectiveInvocationContext<Method> invocationContext, ExtensionContext extensionContext) throws Throwable {
		Setup setup = (Setup) invocationContext.getArguments().get(0);
		Table table = extensionContext.getRoot()
			.getStore(Namespace.create(Comparison.class))
			.computeIfAbsent(Table.class);
		String item = invocationContext.getExecutable().getAnnotation(EachWiring.class).value();
		try {
			invocation.proceed();
			table.rows.add(new Row(item, setup, "holds"));
		}
		catch (Throwable ex) {
			table.rows.add(new Row(item, setup, "**fails**: " + reason(ex)));
			if (setup.wiring() != Wiring.PLAIN) {
				throw ex;
			}
			logger.info(item + " fails on " + setup, ex);
		}
	}

	private static String reason(Throwable ex) {
		if (ex instanceof ConditionTimeoutException && ex.getCause() != null) {
			return reason(ex.getCause());
		}
		String text = (ex.getMessage() != null) ? ex.getMessage() : ex.getClass().getSimpleName();
		String line = text.replaceAll("\\s+", " ").replace("|", "/").trim();
		return (line.length() > LONGEST_REASON) ? line.substring(0, LONGEST_REASON) + "…" : line;
	}

	private record Row(String item, Setup setup, String end) {

	}

	/** Is printed when the last test is over. */
	static class Table implements AutoCloseable {

		private final List<Row> rows = new CopyOnWriteArrayList<>();

		@Override
		public void close() {
			if (Stress.isAsked(Wiring.PLAIN)) {
				logger.info(this.rows.stream()
					.map((row) -> "| %s | %s | %s |".formatted(row.item, row.setup, row.end))
					.collect(Collectors.joining("\n", "\n| item | wiring | |\n|---|---|---|\n", "\n")));
			}
		}

	}

}
