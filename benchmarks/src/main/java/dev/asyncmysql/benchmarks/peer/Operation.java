package dev.asyncmysql.benchmarks.peer;

/**
 * One unit of work, which checks the answer that it gets: a wrong one is a failure.
 */
public sealed interface Operation {

	/**
	 * Work that returns at once and tells its end later.
	 */
	non-sealed interface Async extends Operation {

		/**
		 * Start the work.
		 * @param key decides which rows it is about
		 * @param outcome is told how it ended, on any thread, once
		 */
		void start(long key, Outcome outcome);

	}

	/**
	 * Work that occupies its thread until it has ended.
	 */
	non-sealed interface Blocking extends Operation {

		/**
		 * Do the work.
		 * @param key decides which rows it is about
		 * @throws Exception if it failed
		 */
		void run(long key) throws Exception;

	}

	/**
	 * Is told how asynchronous work ended.
	 */
	interface Outcome {

		/**
		 * The work is done and its answer was right.
		 */
		void succeeded();

		/**
		 * The work failed.
		 * @param failure why
		 */
		void failed(Throwable failure);

	}

}
