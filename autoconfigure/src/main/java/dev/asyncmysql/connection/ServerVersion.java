package dev.asyncmysql.connection;

/**
 * What a server is. The driver's product name is no help here: it holds
 * {@code version_comment}, which each distribution words differently.
 *
 * @param product {@code MySQL} or {@code MariaDB}
 * @param version version as the server words it, such as {@code 9.7.4}
 */
public record ServerVersion(String product, String version) {

	/**
	 * MariaDB puts this in front where a replica of MySQL might refuse its own number
	 * (see "MariaDB versus MySQL: Replication compatibility" in its documentation).
	 */
	private static final String REPLICATION_PREFIX = "5.5.5-";

	static ServerVersion of(String version) {
		if (!version.contains("MariaDB")) {
			return new ServerVersion("MySQL", version);
		}
		return new ServerVersion("MariaDB",
				version.startsWith(REPLICATION_PREFIX) ? version.substring(REPLICATION_PREFIX.length()) : version);
	}

	@Override
	public String toString() {
		return this.product + " " + this.version;
	}

}
