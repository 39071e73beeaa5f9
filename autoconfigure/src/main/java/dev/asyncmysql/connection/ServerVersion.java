package dev.asyncmysql.connection;

/**
 * What a server is. The driver's product name is no help here: it holds
 * {@code version_comment}, which each distribution words differently.
 *
 * @param product {@code MySQL} or {@code MariaDB}
 * @param version version, such as {@code 9.7.4}
 */
public record ServerVersion(String product, String version) {

	/**
	 * MariaDB puts this in front where a replica of MySQL might refuse its own number
	 * (see "MariaDB versus MySQL: Replication compatibility" in its documentation).
	 */
	private static final String REPLICATION_PREFIX = "5.5.5-";

	static ServerVersion of(String version) {
		int end = version.indexOf("-MariaDB");
		if (end < 0) {
			return new ServerVersion("MySQL", version);
		}
		int start = version.startsWith(REPLICATION_PREFIX) ? REPLICATION_PREFIX.length() : 0;
		return new ServerVersion("MariaDB", version.substring(start, end));
	}

	boolean isMariaDb() {
		return this.product.equals("MariaDB");
	}

	@Override
	public String toString() {
		return this.product + " " + this.version;
	}

}
