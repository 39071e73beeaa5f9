package dev.asyncmysql.observability;

import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.docs.ObservationDocumentation;

/**
 * What the starter adds to the observation that r2dbc-proxy makes of each statement, by
 * the names of OpenTelemetry's semantic conventions for databases where they have one.
 * The tables of the documentation are held to this type by a test.
 */
public enum StatementObservation implements ObservationDocumentation {

	/**
	 * A statement, from its sending to the end of its answer.
	 */
	QUERY;

	@Override
	public Class<? extends ObservationConvention<? extends Observation.Context>> getDefaultConvention() {
		return StatementConvention.class;
	}

	@Override
	public KeyName[] getLowCardinalityKeyNames() {
		return LowCardinalityKey.values();
	}

	@Override
	public KeyName[] getHighCardinalityKeyNames() {
		return HighCardinalityKey.values();
	}

	/**
	 * What metrics and traces have.
	 */
	public enum LowCardinalityKey implements KeyName {

		/**
		 * The product.
		 */
		SYSTEM("db.system.name", "`mysql` or `mariadb`"),

		/**
		 * The database.
		 */
		NAMESPACE("db.namespace", "The database that is connected to, or `none`"),

		/**
		 * The first word of the statement.
		 */
		OPERATION("db.operation.name", "The statement's first word in capitals, or `OTHER`"),

		/**
		 * The host.
		 */
		ADDRESS("server.address", "The host that is configured, or the path of the socket"),

		/**
		 * The port.
		 */
		PORT("server.port", "The port that is configured, or `none` with a socket");

		private final String key;

		private final String description;

		LowCardinalityKey(String key, String description) {
			this.key = key;
			this.description = description;
		}

		@Override
		public String asString() {
			return this.key;
		}

		String description() {
			return this.description;
		}

	}

	/**
	 * What traces have alone.
	 */
	public enum HighCardinalityKey implements KeyName {

		/**
		 * Operations and tables.
		 */
		SUMMARY("db.query.summary", "Operations and tables, such as `SELECT account`, which names the span as well"),

		/**
		 * The server's error.
		 */
		STATUS("db.response.status_code", "Number of the server's error, where there is one"),

		/**
		 * How long the caller has waited.
		 */
		WAIT("asyncmysql.connection.wait", "Seconds that the caller had waited for the connection before");

		private final String key;

		private final String description;

		HighCardinalityKey(String key, String description) {
			this.key = key;
			this.description = description;
		}

		@Override
		public String asString() {
			return this.key;
		}

		@Override
		public boolean isRequired() {
			return this != STATUS && this != WAIT;
		}

		String description() {
			return this.description;
		}

	}

}
