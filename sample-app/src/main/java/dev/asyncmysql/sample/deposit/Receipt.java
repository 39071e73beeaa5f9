package dev.asyncmysql.sample.deposit;

/**
 * What became of the lines of an upload.
 *
 * @param imported how many deposits were written
 * @param duplicates how many were there already
 */
record Receipt(long imported, long duplicates) {

	static final Receipt NONE = new Receipt(0, 0);

	Receipt plus(Receipt other) {
		return new Receipt(this.imported + other.imported, this.duplicates + other.duplicates);
	}

}
