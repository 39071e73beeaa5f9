package dev.asyncmysql.bulk;

/**
 * How large a statement may become.
 *
 * @param columns how many values a row has
 * @param maxRows the most rows
 * @param maxBytes size beyond which no further row is added
 * @param maxRowBytes size that no row may exceed, as the server would not take it
 * @param rowOverhead what a row takes besides its values, in bytes
 */
record Shape(int columns, int maxRows, long maxBytes, long maxRowBytes, int rowOverhead) {

	/**
	 * Room for what is in a packet besides rows, and for what an estimate may overlook.
	 */
	private static final int RESERVE = 1024;

	static Shape of(BulkSql sql, int columns, int maxRows, long maxBytes, long maxPacket) {
		// UTF-8 takes up to three bytes for a character of the text.
		long room = Math.max(1, maxPacket - RESERVE - 3L * sql.length());
		return new Shape(columns, Math.min(maxRows, Target.MOST_PLACEHOLDERS / columns), Math.min(maxBytes, room), room,
				sql.bytesPerRow());
	}

	/**
	 * Return how many rows to take where not all fit. Only numbers with four significant
	 * bits are taken, so that chunks of rows that differ in size have few texts: the
	 * driver and the server keep each.
	 * @param rows how many rows would fit
	 * @return a few per cent less at most
	 */
	static int round(int rows) {
		int dropped = Math.max(0, Integer.SIZE - Integer.numberOfLeadingZeros(rows) - 4);
		return rows >> dropped << dropped;
	}

}
