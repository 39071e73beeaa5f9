package dev.asyncmysql.connection;

import java.io.InputStream;
import java.util.function.Consumer;

import io.r2dbc.spi.Statement;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.then;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link Bindings}.
 */
class BindingsTests {

	private final Bindings bindings = new Bindings();

	private final Statement other = mock();

	@Test
	void ofAStatementThatIsBoundAgainOnlyTheLastValuesAreKept() {
		for (int i = 0; i < 10_000; i++) {
			bind(0, i);
			bind("name", "value " + i);
		}
		snapshot().accept(this.other);
		then(this.other).should().bind(0, 9_999);
		then(this.other).should().bind("name", "value 9999");
		then(this.other).shouldHaveNoMoreInteractions();
	}

	@Test
	void theValuesOfTheFirstExecutionStay() {
		bind(0, 1);
		this.bindings.complete();
		bind(0, 2);
		snapshot().accept(this.other);
		then(this.other).should().bind(0, 1);
		then(this.other).shouldHaveNoMoreInteractions();
	}

	@Test
	void aValueThatCanBeReadOnlyOnceHindersAsLongAsItIsBound() {
		bind(0, InputStream.nullInputStream());
		assertThat(this.bindings.snapshot()).isNull();
		bind(0, 1);
		assertThat(this.bindings.snapshot()).isNotNull();
	}

	private void bind(Object place, Object value) {
		this.bindings.add(place, (statement) -> {
			if (place instanceof Integer index) {
				statement.bind(index, value);
			}
			else {
				statement.bind((String) place, value);
			}
		}, value);
	}

	private Consumer<Statement> snapshot() {
		Consumer<Statement> snapshot = this.bindings.snapshot();
		assertThat(snapshot).isNotNull();
		return (snapshot != null) ? snapshot : (statement) -> {
		};
	}

}
