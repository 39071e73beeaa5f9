package dev.asyncmysql.connection.stress;

import java.util.HashMap;
import java.util.Map;

/**
 * What a test runs on: a wiring, and how statements with parameters travel.
 *
 * @param wiring the wiring
 * @param prepared whether statements are prepared on the server
 */
record Setup(Wiring wiring, boolean prepared) {

	Wired open(Mysqld mysqld, Map<String, Object> properties) {
		Map<String, Object> all = new HashMap<>(properties);
		all.put("use-server-prepare-statement", this.prepared);
		return Wired.open(this.wiring, mysqld, all);
	}

	@Override
	public String toString() {
		return this.wiring + (this.prepared ? ", prepared" : ", text");
	}

}
