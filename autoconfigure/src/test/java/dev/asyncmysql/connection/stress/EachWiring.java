package dev.asyncmysql.connection.stress;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.stream.Stream;

import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.support.ParameterDeclarations;

/**
 * Runs a test for each {@link Setup}: with text on the starter's wiring, with prepared
 * statements on the same with r2dbc-proxy, and in the long form with both on each; on
 * Boot's plain wiring where that is asked for, and then what fails is told in a table and
 * fails nothing.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest
@ArgumentsSource(EachWiring.Setups.class)
@ExtendWith(Comparison.class)
@interface EachWiring {

	/**
	 * Return what is tested.
	 * @return a line of the table
	 */
	String value();

	/** Lists the setups. */
	class Setups implements ArgumentsProvider {

		@Override
		public Stream<? extends Arguments> provideArguments(ParameterDeclarations parameters,
				ExtensionContext context) {
			return Stream.of(Wiring.values()).flatMap(Setups::of).map(Arguments::of);
		}

		private static Stream<Setup> of(Wiring wiring) {
			if (!Stress.isAsked(wiring)) {
				return Stream.empty();
			}
			return (Stress.minutes() > 0 || wiring == Wiring.PLAIN)
					? Stream.of(new Setup(wiring, false), new Setup(wiring, true))
					: Stream.of(new Setup(wiring, wiring == Wiring.GUARDED_PROXIED));
		}

	}

}
